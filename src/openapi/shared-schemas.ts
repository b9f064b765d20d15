// Moves every schema that has a title to the document's components, so that clients get a type of that name; gives enumerations their type.
import type { OpenApiDocument } from './model.ts'

/** @throws Error when two different schemas have one title. */
export function extractSchemas(document: OpenApiDocument): OpenApiDocument {
  const schemas: Record<string, unknown> = {}

  function visit(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(visit)
    if (typeof value !== 'object' || value === null) return value
    const visited = Object.fromEntries(
      // Examples are data, whatever their fields are called.
      Object.entries(value).map(([key, inner]) => [key, key === 'examples' ? inner : visit(inner)]),
    )
    // For pages and generators that know a type better than its values.
    if (Array.isArray(visited.enum) && visited.type === undefined)
      visited.type = visited.enum.includes(null) ? ['string', 'null'] : 'string'
    const { title } = visited
    if (typeof title !== 'string' || !('type' in visited || 'anyOf' in visited)) return visited
    if (title in schemas && JSON.stringify(schemas[title]) !== JSON.stringify(visited)) {
      throw new Error(`two schemas are called ${title}`)
    }
    schemas[title] = visited
    return { $ref: `#/components/schemas/${title}` }
  }

  const paths = visit(document.paths) as OpenApiDocument['paths']
  const responses = visit(document.components.responses) as OpenApiDocument['components']['responses'] &
    object
  const sorted = Object.entries(schemas).sort(([one], [other]) => (one < other ? -1 : 1))
  return {
    ...document,
    paths,
    components: {
      ...document.components,
      responses,
      schemas: Object.fromEntries(sorted) as Record<string, object>,
    },
  }
}

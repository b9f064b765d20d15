// Turns a drizzle statement into text and parameters. drizzle's own way makes an object and several arrays for every fragment, which is a large part
// of what a miss costs; what our statements consist of needs none.
import { Placeholder, SQL, StringChunk } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'

export interface CompiledStatement {
  text: string
  parameters: unknown[]
}

const dialect = new PgDialect()
/** Of statements with placeholders, which are asked again with other values. */
const compiled = new WeakMap<SQL, CompiledStatement>()

/**
 * The same as drizzle makes of it. Whatever is more than text, fragments, placeholders and plain values is left to drizzle.
 *
 * @param values of its placeholders, by name; a statement that has some is compiled once.
 */
export function compileStatement(
  statement: SQL,
  values?: Readonly<Record<string, unknown>>,
): CompiledStatement {
  if (values === undefined) {
    const { text, parameters } = compile(statement)
    return { text, parameters: parameters.map((parameter) => valueOf(parameter, NO_VALUES)) }
  }
  let known = compiled.get(statement)
  if (known === undefined) compiled.set(statement, (known = compile(statement)))
  const { text, parameters } = known
  return { text, parameters: parameters.map((parameter) => valueOf(parameter, values)) }
}

const NO_VALUES = {}

function valueOf(parameter: unknown, values: Readonly<Record<string, unknown>>): unknown {
  if (!(parameter instanceof Placeholder)) return parameter
  const name = parameter.name as string
  if (!(name in values)) throw new TypeError(`no value for the placeholder ${name}`)
  return values[name]
}

function compile(statement: SQL): CompiledStatement {
  const parameters: unknown[] = []
  const text = append('', statement, parameters)
  if (text !== null) return { text, parameters }
  const { sql, params } = dialect.sqlToQuery(statement)
  return { text: sql, parameters: params }
}

/** null where there is more to it. */
function append(text: string, { queryChunks }: SQL, parameters: unknown[]): string | null {
  let result = text
  for (const chunk of queryChunks as unknown[]) {
    if (chunk instanceof StringChunk) {
      result += chunk.value.join('')
    } else if (chunk instanceof SQL) {
      const longer = append(result, chunk, parameters)
      if (longer === null) return null
      result = longer
    } else if (chunk === undefined) {
      continue
    } else if (chunk === null || typeof chunk !== 'object' || chunk instanceof Placeholder) {
      parameters.push(chunk)
      result += `$${parameters.length}`
    } else {
      return null
    }
  }
  return result
}

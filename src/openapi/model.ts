// As much of an OpenAPI document as is touched here.

export interface Operation {
  operationId?: string
  parameters?: Parameter[]
  requestBody?: RequestBody
  responses: Record<string, Answer>
  security?: Record<string, string[]>[]
}
export interface RequestBody {
  required?: boolean
  content: Record<string, Content>
}
export interface Parameter {
  name: string
  in: string
  schema: object
  example?: unknown
}
export interface Answer {
  $ref?: string
  description?: string
  headers?: Record<string, object>
  content?: Record<string, Content>
}
export interface Content {
  schema?: object
  examples?: Record<string, { summary: string; value: unknown }>
}
export interface OpenApiDocument {
  paths: Record<string, Record<string, Operation>>
  components: {
    schemas?: Record<string, object>
    responses?: Record<string, Answer>
    headers?: Record<string, object>
    parameters?: Record<string, object>
    securitySchemes: Record<string, object>
  }
}

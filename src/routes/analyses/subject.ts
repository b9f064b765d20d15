// Whom a request is about: by its header, or by a field.
import type { FastifyRequest } from 'fastify'
import { checkSubject, subjectOfHeader, type Subject } from '../../analyses/subject.ts'
import { invalidParameter } from '../../problems.ts'

/** @param named by a field of the body or the query. @throws Problem invalid_parameter, which does not show it. */
export function subjectOf(request: FastifyRequest, named: string | undefined): Subject | null {
  const { 'x-subject': header } = request.headers
  if (header === undefined && named === undefined) return null
  const byHeader = header === undefined ? undefined : subjectOfHeader(String(header))
  const byField = named === undefined ? undefined : checkSubject(named)
  if (byHeader !== undefined && byField !== undefined && byHeader !== byField)
    throw invalidParameter('subject', 'is another one than the header x-subject says')
  return request.server.subjects.of(byHeader ?? byField ?? '')
}

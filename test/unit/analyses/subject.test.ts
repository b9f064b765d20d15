// Subjects: one form of a name, by whatever way it comes; what is none is refused by name and not shown.
import t from 'tap'
import { checkSubject, subjectOfHeader } from '../../../src/analyses/subject.ts'

t.test('a subject has one form', (t) => {
  t.equal(checkSubject('Zoe\u0301 M.'), 'Zoé M.')
  t.equal(checkSubject('😀'.repeat(200)).length, 400, '200 characters, whatever their width')
  t.end()
})

t.test('one in a header is the same as in a body', (t) => {
  const sent = Buffer.from('Zoé').toString('latin1')
  t.equal(subjectOfHeader(sent), 'Zoé')
  t.throws(() => subjectOfHeader('Zo\xe9'), { code: 'invalid_parameter' }, 'Latin-1')
  t.end()
})

t.test('what is none is refused, and not shown', (t) => {
  for (const [subject, detail] of [
    ['', 'must not be empty'],
    ['a'.repeat(201), 'must have at most 200 characters'],
    ['a\nb', 'holds a control character or invalid UTF-8'],
    ['a\0', 'holds a control character or invalid UTF-8'],
    ['a\u0085', 'holds a control character or invalid UTF-8'],
    ['a\ud800', 'holds a control character or invalid UTF-8'],
  ] as const)
    t.throws(() => checkSubject(subject), { code: 'invalid_parameter', message: `subject ${detail}` })
  t.end()
})

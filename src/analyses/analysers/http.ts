// An analyser behind an HTTP endpoint that takes the content as JSON or as bytes.
import type { Time } from '../../time/time.ts'
import { shortHash } from '../identity.ts'
import type { Analyser, Asked, Content, Json, Verdict } from './analyser.ts'
import { atPointer, judgeResult } from './answer.ts'
import { post, type Post } from './post.ts'
import { filledTemplate, plainBody } from './template.ts'

/** What every analyser says of itself. */
export type Traits = Omit<Analyser, 'kind' | 'fingerprint' | 'call' | 'url'> & { url: string }

export interface HttpAnalyser {
  /** For texts: what is sent in place of the plain form; null: that. */
  template: Json
  /** Sent with each call; names in lower case. They hold nothing secret. */
  headers: Record<string, string>
  /** JSON pointer to the result in an answer; empty: all of it. */
  result: string
  /** JSON schema that a result satisfies; null: any. */
  schema: Json
}

/** What a call needs, and answers do not depend on. */
export interface CallMeans {
  time: Time
  /** Sent as `Authorization: Bearer`; null: none. */
  key: string | null
  isValid: (result: Json) => boolean
}

export function httpAnalyser(traits: Traits, own: HttpAnalyser, means: CallMeans): Analyser {
  const { url, timeoutMs } = traits
  const { time, key, isValid } = means
  const headers = { ...own.headers, ...authorization(key) }
  return {
    ...traits,
    kind: 'http',
    fingerprint: shortHash({ kind: 'http', url, ...own }),
    call: async (content, asked, signal) => {
      const verdict = await post(requestOf(content, asked), { time, timeoutMs, signal })
      return verdict.outcome === 'answered' ? resultOf(verdict.result) : verdict
    },
  }

  function requestOf(content: Content, asked: Asked): Post {
    if (content.kind === 'text') {
      const { text } = content
      const json = own.template === null ? plainBody(text, asked) : filledTemplate(own.template, text, asked)
      return {
        url,
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(json),
      }
    }
    const { type, bytes } = content
    return {
      url: withQuery(url, asked),
      headers: { ...headers, 'content-type': type, 'content-length': String(bytes) },
      body: () => content.open(),
    }
  }

  function resultOf(answer: Json): Verdict {
    return judgeResult(atPointer(answer, own.result), isValid)
  }
}

export function authorization(key: string | null): Record<string, string> {
  return key === null ? {} : { authorization: `Bearer ${key}` }
}

/** `language`, `tone`, and `parameters` as JSON, as far as they were given. */
function withQuery(address: string, { language, tone, parameters }: Asked): URL {
  const url = new URL(address)
  if (language !== null) url.searchParams.set('language', language)
  if (tone !== null) url.searchParams.set('tone', tone)
  if (Object.keys(parameters).length > 0) url.searchParams.set('parameters', JSON.stringify(parameters))
  return url
}

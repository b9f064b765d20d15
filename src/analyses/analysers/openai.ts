// An analyser that is a model behind a chat endpoint of OpenAI's form: the prompt says what to judge, a JSON schema what to answer. Texts only.
import { shortHash } from '../identity.ts'
import type { Analyser, Json, Verdict } from './analyser.ts'
import { atPointer, failed, judgeResult } from './answer.ts'
import { authorization, type CallMeans, type Traits } from './http.ts'
import { post } from './post.ts'
import { plainBody } from './template.ts'

export interface OpenaiAnalyser {
  model: string
  /** The system message. */
  prompt: string
  /** JSON schema that a result satisfies, and that the model is held to; null: any JSON. */
  schema: Json
  /** Null: the endpoint's own limit. */
  maxTokens: number | null
}

/** A model that declines has read the content and will not judge it: what an endpoint says by this status. */
const DECLINED = 422

export function openaiAnalyser(traits: Traits, own: OpenaiAnalyser, means: CallMeans): Analyser {
  const { url, timeoutMs } = traits
  const { time, key, isValid } = means
  const headers = { 'content-type': 'application/json', ...authorization(key) }
  return {
    ...traits,
    kind: 'openai',
    fingerprint: shortHash({ kind: 'openai', url, ...own }),
    call: async (content, asked, signal) => {
      if (content.kind !== 'text') return failed('it takes texts only', { isPaid: false })
      // As JSON: the text cannot pass for the rest of the message.
      const message = JSON.stringify(plainBody(content.text, asked))
      const body = JSON.stringify(chatOf(own, message))
      const verdict = await post({ url, headers, body }, { time, timeoutMs, signal })
      return verdict.outcome === 'answered' ? resultOf(verdict.result, isValid) : verdict
    },
  }
}

function chatOf({ model, prompt, schema, maxTokens }: OpenaiAnalyser, message: string): Json {
  return {
    model,
    messages: [
      { role: 'system', content: prompt },
      { role: 'user', content: message },
    ],
    ...(schema === null
      ? {}
      : {
          response_format: { type: 'json_schema', json_schema: { name: 'result', strict: true, schema } },
        }),
    ...(maxTokens === null ? {} : { max_tokens: maxTokens }),
  }
}

function resultOf(answer: Json, isValid: (result: Json) => boolean): Verdict {
  const refusal = atPointer(answer, '/choices/0/message/refusal')
  if (typeof refusal === 'string' && refusal !== '')
    return { outcome: 'refused', status: DECLINED, isPaid: true }
  if (atPointer(answer, '/choices/0/finish_reason') !== 'stop')
    return failed('the model did not finish its answer', { isPaid: true })
  const content = atPointer(answer, '/choices/0/message/content')
  if (typeof content !== 'string') return judgeResult(undefined, isValid)
  let result: Json
  try {
    result = JSON.parse(content) as Json
  } catch {
    return failed('what the model wrote is not JSON', { isPaid: true })
  }
  return judgeResult(result, isValid)
}

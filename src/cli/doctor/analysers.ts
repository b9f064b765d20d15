// The analysers: whether their file is there and valid, each has its key, and each can be reached. A connection is made and ended: a call would cost.
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import type { Analyser } from '../../analyses/analysers/analyser.ts'
import { loadAnalysers } from '../../analyses/analysers/file.ts'
import { lexicon } from '../../analyses/analysers/lexicon.ts'
import type { Config } from '../../config.ts'
import { reasonOf } from '../../loading/transaction.ts'
import { SYSTEM_TIME } from '../../time/time.ts'
import { note, ok, problem, warning, type Finding } from './finding.ts'

const CHECK = 'analysers'
const CONNECT_LIMIT_MS = 5000

export interface AnalyserLook {
  findings: Finding[]
  /** Those that the service would have; none where it would not start. */
  analysers: readonly Analyser[]
}

export async function analyserFindings(
  { ANALYSERS: file }: Config,
  environment: NodeJS.ProcessEnv,
): Promise<AnalyserLook> {
  const keys = file === undefined ? [] : await keyFindings(file, environment)
  try {
    const analysers = await loadAnalysers({ file, environment, lexicon, time: SYSTEM_TIME })
    const names = analysers.map(({ name }) => name).join(', ')
    const summary =
      file === undefined
        ? note(CHECK, `no ANALYSERS: ${names} alone, free and in the process`)
        : ok(CHECK, `${file} is valid: ${names}; the first one is the default`)
    const reached = await Promise.all(analysers.map(reachFinding))
    return { findings: [summary, ...keys, ...reached.flat()], analysers }
  } catch (error) {
    const says = problem(
      CHECK,
      reasonOf(error),
      'mend it, or unset ANALYSERS; the service does not start with it',
    )
    return { findings: [says, ...keys], analysers: [] }
  }
}

/** By the file itself, so that each key that is missing is named at once. What is wrong with the file, others say. */
async function keyFindings(file: string, environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  return (await keysNamedIn(file)).map(({ name, key }) => {
    const check = `analyser ${name}: key`
    return environment[key]
      ? ok(check, `${key} is set`)
      : problem(
          check,
          `${key} is not set`,
          `put the key of its provider into ${key}, in the environment of the service`,
        )
  })
}

async function keysNamedIn(file: string): Promise<{ name: string; key: string }[]> {
  try {
    const { analysers } = JSON.parse(await readFile(file, 'utf8')) as { analysers: unknown[] }
    return analysers.flatMap((each) => {
      const { name, key_env: key } = each as { name?: unknown; key_env?: unknown }
      return typeof key === 'string' ? [{ name: String(name), key }] : []
    })
  } catch {
    return []
  }
}

async function reachFinding({ name, url: text }: Analyser): Promise<Finding[]> {
  if (text === null) return []
  const check = `analyser ${name}`
  const url = new URL(text)
  const began = performance.now()
  try {
    await connection(url)
    return [ok(check, `${url.host} takes connections, after ${(performance.now() - began).toFixed(1)} ms`)]
  } catch (error) {
    return [
      warning(
        check,
        `${url.host} cannot be reached: ${reasonOf(error)}`,
        'correct its url, or see what is in between; until then what is not kept is answered with 502',
      ),
    ]
  }
}

async function connection({ protocol, hostname, port }: URL): Promise<void> {
  const isSecure = protocol === 'https:'
  const host = hostname.replace(/^\[|\]$/g, '')
  const at = { host, port: Number(port || (isSecure ? 443 : 80)) }
  const signal = AbortSignal.timeout(CONNECT_LIMIT_MS)
  const socket = isSecure ? connectSecurely({ ...at, servername: host }) : connect(at)
  try {
    await once(socket, isSecure ? 'secureConnect' : 'connect', { signal })
  } catch (error) {
    throw signal.aborted ? new Error(`no answer within ${CONNECT_LIMIT_MS / 1000} s`) : error
  } finally {
    // What comes of it by now is of no interest.
    socket.on('error', () => undefined).destroy()
  }
}

// What was analysed before: asked for by its text, against a bare route that reads and hashes the same bodies; and looked up by its hash.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { compareByTurns, type Comparison } from './compare.ts'
import { hitsPerSecond, planOf } from './hits.ts'
import { throughput, type Target } from './load.ts'
import { startServer, type Server } from './processes.ts'

const TEXTS = 1000
const PATH = '/api/v1/analyses'
/** About 350 characters: a headline and a summary. */
const SENTENCES = [
  'Shares of the shipping company rallied on Thursday after it raised its forecast for the year.',
  'Analysts had expected a weaker quarter, and some of them said that the rally had further to go.',
  'Bonds were little changed, while oil fell for a third day as stocks of crude rose.',
  'The central bank meets next week.',
]

export async function analyses(databaseUrl: string): Promise<Comparison[]> {
  const ours = await startServer(['dist/server.js'], {
    DATABASE_URL: databaseUrl,
    LOG_LEVEL: 'warn',
    ANALYSE_ARTICLES: 'off',
  })
  const { posts, gets, body } = await fill(ours)
  const folder = await mkdtemp(path.join(tmpdir(), 'barometer-bench-'))
  const file = path.join(folder, 'body.json')
  await writeFile(file, body)
  const bare = (kind: string) =>
    startServer(['--import=tsx', 'bench/servers/bare.ts'], { BARE: kind, FILE: file })
  const [hashing, constant] = [await bare('hash'), await bare('bytes')]
  const sized = (targets: Target[]) => planOf(targets.map((target) => ({ ...target, length: body.length })))
  const results: Comparison[] = [
    {
      name: `hit by ${TEXTS.toLocaleString('en')} posted texts of ${Buffer.byteLength(posts[0]?.body ?? '')} bytes`,
      against: 'a bare Fastify route that reads and hashes the same bodies and answers a constant',
      unit: 'requests/s',
      ...(await compareByTurns({
        ours: () => hitsPerSecond(ours, planOf(posts)),
        yardstick: () => throughput(hashing, sized(posts)),
      })),
      bound: { atLeast: 0.8 },
    },
    {
      name: 'the same looked up by hash',
      against: 'a bare Fastify route with the same bytes',
      unit: 'requests/s',
      ...(await compareByTurns({
        ours: () => hitsPerSecond(ours, planOf(gets)),
        yardstick: () => throughput(constant, sized(gets)),
      })),
      bound: { atLeast: 0.9 },
    },
  ]
  await Promise.all([ours.stop(), hashing.stop(), constant.stop()])
  await rm(folder, { recursive: true })
  return results
}

/** Analyses the texts, and looks each up until it is in memory. */
async function fill(server: Server): Promise<{ posts: Target[]; gets: Target[]; body: Buffer }> {
  const posts: Target[] = []
  const gets: Target[] = []
  let body: Buffer = Buffer.alloc(0)
  for (let index = 0; index < TEXTS; index += 1) {
    const post = {
      path: PATH,
      body: JSON.stringify({ text: `${index}. ${SENTENCES.join(' ')}`, language: 'en' }),
    }
    const { bytes, hash } = await analyse(server, post)
    await analyse(server, post)
    const get = `${PATH}/${hash}?language=en`
    await fetch(server.url + get)
    posts.push({ ...post, length: bytes.length })
    gets.push({ path: get, length: bytes.length })
    body = bytes
  }
  return { posts, gets, body }
}

async function analyse(
  server: Server,
  post: { path: string; body: string },
): Promise<{ bytes: Buffer; hash: string }> {
  const response = await fetch(server.url + post.path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'accept-encoding': 'identity' },
    body: post.body,
  })
  if (!response.ok) throw new Error(`a text was answered ${response.status}: ${await response.text()}`)
  const bytes = Buffer.from(await response.arrayBuffer())
  return { bytes, hash: (JSON.parse(bytes.toString()) as { hash: string }).hash }
}

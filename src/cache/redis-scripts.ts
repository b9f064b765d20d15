// What Redis has to do in one step: an entry and the lock of its load, which stand in the same slot.
import type { Cluster, Redis } from 'ioredis'
import { HEAD_LENGTH } from './entry.ts'

/** KEYS: entry, lock. A lock reads `epoch position token`. */
const SCRIPTS = {
  // ARGV: length of a head, head seen, epoch, position needed, position, token, life in ms, deadline in ms by this server's clock or none.
  // 0: another entry, 1: another's lock, 2: ours, 3: the deadline is over. Then the clock, where this account may read it.
  barometerAcquire: `
local time = redis.pcall('TIME')
local now = ''
if time[1] then now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)) end
local head = redis.pcall('GETRANGE', KEYS[1], 0, ARGV[1] - 1)
if type(head) ~= 'string' then head = '' end
if head ~= ARGV[2] then return {0, now, redis.call('GET', KEYS[1])} end
if now ~= '' and ARGV[8] ~= '' and tonumber(now) > tonumber(ARGV[8]) then return {3, now} end
local lock = redis.pcall('GET', KEYS[2])
if type(lock) == 'string' then
  local epoch, position = string.match(lock, '^(%S+) (%d+) ')
  if epoch == ARGV[3] and tonumber(position) >= tonumber(ARGV[4]) then return {1, now} end
end
redis.call('SET', KEYS[2], ARGV[3] .. ' ' .. ARGV[5] .. ' ' .. ARGV[6], 'PX', ARGV[7])
return {2, now}`,
  // ARGV: token, life in ms.
  barometerExtend: `
local lock = redis.pcall('GET', KEYS[2])
if type(lock) ~= 'string' or string.sub(lock, -#ARGV[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[2], ARGV[2])`,
  // ARGV: token, envelope, lifetime in ms. Where there is no room for the entry, nobody is to wait for it either.
  barometerStore: `
local lock = redis.pcall('GET', KEYS[2])
if type(lock) ~= 'string' or string.sub(lock, -#ARGV[1]) ~= ARGV[1] then return 0 end
local stored = redis.pcall('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
local released = redis.call('DEL', KEYS[2])
if stored.err then return stored end
return released`,
  // ARGV: token.
  barometerRelease: `
local lock = redis.pcall('GET', KEYS[2])
if type(lock) ~= 'string' or string.sub(lock, -#ARGV[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[2])`,
} as const

/** KEYS: entry. ARGV: length of a head, head of what is to go, envelope. */
const REPLACE = `
local head = redis.pcall('GETRANGE', KEYS[1], 0, ARGV[1] - 1)
if head ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[3], 'KEEPTTL')
return 1`

/** State, clock, and the envelope where that is another. */
export type AcquireAnswer = [number, Buffer, Buffer | null] | [number, Buffer]

export interface Scripts {
  barometerAcquireBuffer(
    entry: string,
    lock: string,
    headLength: string,
    seen: Buffer | string,
    epoch: string,
    needed: number,
    position: number,
    token: string,
    lifeMs: number,
    deadline: string,
  ): Promise<AcquireAnswer>
  barometerExtend(entry: string, lock: string, token: string, lifeMs: number): Promise<number>
  barometerStore(
    entry: string,
    lock: string,
    token: string,
    envelope: Buffer,
    lifetimeMs: number,
  ): Promise<number>
  barometerRelease(entry: string, lock: string, token: string): Promise<number>
  barometerReplace(entry: string, headLength: string, head: Buffer, envelope: Buffer): Promise<number>
}

export const HEAD_LENGTH_TEXT = String(HEAD_LENGTH)

/** Sent whole once, by their hash after that; where a server was restarted, ioredis sends them again. */
export function defineScripts(client: Redis | Cluster): Scripts {
  for (const [name, lua] of Object.entries(SCRIPTS)) client.defineCommand(name, { numberOfKeys: 2, lua })
  client.defineCommand('barometerReplace', { numberOfKeys: 1, lua: REPLACE })
  return client as unknown as Scripts
}

// Hot answers on a cache that is only what its `hit` says.
import type { Entry } from '../../src/cache/index.ts'
import { HotAnswers } from '../../src/http/hot-answers.ts'
import { SYSTEM_TIME } from '../../src/time/time.ts'

export function bareHotAnswers(hit: (key: string) => Entry | null): HotAnswers {
  return new HotAnswers({
    cache: {
      hit,
      remoteHit: () => Promise.resolve(null),
      compress: () => undefined,
      mayCompress: () => false,
      packed: () => null,
      hasMemory: true,
    },
    time: SYSTEM_TIME,
    policy: { cacheControl: 'no-cache', vary: 'accept-encoding', publicUrl: null },
    always: {},
    requestId: () => 'id',
    variesByOrigin: false,
  })
}

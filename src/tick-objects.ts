// Keeps one of the objects in which Node notes what process.nextTick() is to run. Several are made for each request, by a literal with computed names. V8
// compiles that well for as long as it has seen one hidden class there; it forgets a class of which no object is left at a garbage collection, meets the
// same one as another, and from then on makes each of these objects by slow calls, for as long as the process lives.
import { createHook } from 'node:async_hooks'

/** Exported so that it stays; the reference is what counts. */
export const kept: object[] = []

// A hook is the one way to get hold of such an object that leaves nothing behind: executionAsyncResource() costs each later callback a detour.
const hook = createHook({
  init: (_id, type, _trigger, resource) => {
    if (type === 'TickObject') kept.push(resource)
  },
}).enable()
process.nextTick(() => undefined)
hook.disable()

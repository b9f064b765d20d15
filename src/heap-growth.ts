// How far the heap may grow between two full collections of garbage. V8 chooses again after each, from 1.1 to 4 times what lives: little where
// promoting is slow beside collecting, and then a service that loads bodies collects twice within a second, for nothing. The most that V8 would
// choose by itself is no more memory than it may take anyway.
import { setFlagsFromString } from 'node:v8'

/** On top of what lives. */
const GROWTH_PERCENT = 300

// Read at the end of each collection, so that it may be set while V8 runs.
setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`)

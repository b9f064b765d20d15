// The key that personal results are sealed with: whether there is one, and who may read it.
import { stat } from 'node:fs/promises'
import { analysisKey, analysisKeyFile } from '../../analyses/analysis-key.ts'
import type { Config } from '../../config.ts'
import { reasonOf } from '../../loading/transaction.ts'
import { note, ok, problem, warning, type Finding } from './finding.ts'

const CHECK = 'ANALYSIS_KEY'
const OF_OTHERS = 0o077

export async function analysisKeyFindings({
  ANALYSIS_KEY,
  DATABASE_URL,
  DATA_DIR,
}: Config): Promise<Finding[]> {
  if (ANALYSIS_KEY !== undefined) return [ok(CHECK, 'it is set: results with a subject are sealed with it')]
  if (DATABASE_URL !== undefined)
    return [
      note(
        CHECK,
        'not set: analyses with a subject are refused',
        'where they are wanted, set it, the same for all instances: `openssl rand -hex 32` prints one',
      ),
    ]
  const file = analysisKeyFile(DATA_DIR)
  const mode = await stat(file).then(
    (found) => found.mode,
    () => null,
  )
  // A look must not make one.
  if (mode === null) return [note(CHECK, `not set: the first start makes one in ${file}`)]
  try {
    await analysisKey({ given: undefined, dataDir: DATA_DIR })
  } catch (error) {
    return [
      problem(
        CHECK,
        reasonOf(error),
        'restore it from a backup; without that, take it away: a new one is made, and what is sealed by now is lost',
      ),
    ]
  }
  return [
    (mode & OF_OTHERS) === 0
      ? ok(CHECK, `not set: the one that was made in ${file} is used, which its owner alone may read`)
      : warning(
          CHECK,
          `${file} has the mode ${(mode & 0o777).toString(8).padStart(4, '0')}: others of this machine may read it`,
          `chmod 600 ${file}`,
        ),
  ]
}

// placeholder
import type { Analyser } from './analyser.ts'
export async function loadAnalysers({
  lexicon,
}: {
  file: string | undefined
  environment: NodeJS.ProcessEnv
  lexicon: Analyser
}) {
  return Promise.resolve(new Map<string, Analyser>([[lexicon.name, lexicon]]))
}

// Reads a Dockerfile into its stages, as far as ours goes: an instruction that is not known here is an error.

export type Step =
  { kind: 'copy'; from: string | null; sources: string[]; target: string } | { kind: 'run'; command: string }

export interface Stage {
  image: string
  name: string | null
  workdir: string
  environment: Record<string, string>
  steps: Step[]
  user: string
  stopSignal: string | null
  healthcheck: string[] | null
  command: string[] | null
}

/** @throws Error for what this cannot read. */
export function parseDockerfile(text: string): Stage[] {
  const stages: Stage[] = []
  for (const line of logicalLines(text)) {
    const [, instruction = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? []
    if (instruction === 'FROM') stages.push(newStage(rest))
    else {
      const stage = stages.at(-1)
      if (stage === undefined) throw new Error(`before the first FROM: ${line}`)
      apply(stage, instruction, rest)
    }
  }
  return stages
}

/** Paths under which a .dockerignore that begins with `*` lets files into the build. @throws Error for any other form. */
export function allowedByDockerignore(text: string): string[] {
  const [first, ...rest] = logicalLines(text)
  if (first !== '*' || rest.some((line) => !/^![\w./-]+$/.test(line))) {
    throw new Error('.dockerignore is * and then !path lines')
  }
  return rest.map((line) => line.slice(1))
}

function logicalLines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replace(/\\\n\s*/g, '')
    .split('\n')
}

function newStage(text: string): Stage {
  const [, image, name = null] = /^(\S+)(?: AS (\S+))?$/.exec(text) ?? []
  if (image === undefined) throw new Error(`FROM ${text}`)
  return {
    image,
    name,
    workdir: '/',
    environment: {},
    steps: [],
    user: 'root',
    stopSignal: null,
    healthcheck: null,
    command: null,
  }
}

function apply(stage: Stage, instruction: string, rest: string): void {
  switch (instruction) {
    case 'WORKDIR':
      stage.workdir = rest
      return
    case 'ENV':
      for (const pair of rest.split(/\s+/)) {
        const [name = '', value = ''] = pair.split('=')
        stage.environment[name] = value
      }
      return
    case 'COPY':
      stage.steps.push(copyStep(rest))
      return
    case 'RUN':
      // A cache of the builder's makes no difference to what comes out.
      stage.steps.push({ kind: 'run', command: rest.replace(/^(--mount=type=cache\S* )+/, '') })
      return
    case 'USER':
      stage.user = rest
      return
    case 'STOPSIGNAL':
      stage.stopSignal = rest
      return
    case 'HEALTHCHECK':
      stage.healthcheck = execForm(rest.replace(/^(--\S+ )*CMD /, ''))
      return
    case 'CMD':
      stage.command = execForm(rest)
      return
    case 'EXPOSE':
      return
    default:
      throw new Error(`${instruction} ${rest}`)
  }
}

function copyStep(text: string): Step {
  const [, from = null, paths = ''] = /^(?:--from=(\S+) )?(.*)$/.exec(text) ?? []
  const all = paths.split(/\s+/)
  const target = all.pop()
  if (target === undefined || all.length === 0 || paths.includes('--')) throw new Error(`COPY ${text}`)
  return { kind: 'copy', from, sources: all, target }
}

/** Without a shell in between, which would not hand signals on. */
function execForm(text: string): string[] {
  return JSON.parse(text) as string[]
}

// How the servers that tests start get onto this machine: decided from what the machine is, apart from doing it.

export interface Machine {
  platform: NodeJS.Platform
  root: boolean
  /** Words of `ID` and `ID_LIKE` in /etc/os-release; empty elsewhere. */
  families: string[]
  has(program: string): boolean
}

export interface Installation {
  /** Commands to run one after the other without a question being asked; null where that cannot be done from here. */
  steps: string[][] | null
  /** The line that a person types to the same end. */
  line: string
  /** What else happens, worth knowing before. */
  note: string
}

/** What has to be there: a server of Redis, Prometheus with promtool, and a browser. */
export type Server = 'redis' | 'prometheus' | 'chromium'

interface PackageManager {
  program: string
  families: string[]
  needsRoot: boolean
  /** What comes before, and what the packages are added to. */
  before: string[][]
  install: string[]
  packages: Record<Server, string>
  note: string
}

/** Looked for in this order: a Linux with Homebrew on it has a package manager of its own too. */
const PACKAGE_MANAGERS: PackageManager[] = [
  {
    program: 'apt-get',
    families: ['debian', 'ubuntu'],
    needsRoot: true,
    before: [['apt-get', 'update']],
    // Prometheus recommends another service, which nothing here asks for.
    install: ['apt-get', 'install', '-y', '--no-install-recommends'],
    packages: { redis: 'redis-server', prometheus: 'prometheus', chromium: 'chromium' },
    note: 'where services run, Debian also starts them, on ports 6379 and 9090; the tests do not use those',
  },
  {
    program: 'dnf',
    families: ['fedora', 'rhel'],
    needsRoot: true,
    before: [],
    install: ['dnf', 'install', '-y'],
    packages: { redis: 'redis', prometheus: 'golang-github-prometheus', chromium: 'chromium' },
    note: '',
  },
  {
    program: 'apk',
    families: ['alpine'],
    needsRoot: true,
    before: [],
    install: ['apk', 'add'],
    packages: { redis: 'redis', prometheus: 'prometheus', chromium: 'chromium' },
    note: '',
  },
  {
    program: 'brew',
    families: ['darwin'],
    needsRoot: false,
    before: [],
    install: ['brew', 'install'],
    packages: { redis: 'redis', prometheus: 'prometheus', chromium: 'chromium' },
    note: '',
  },
]

/** The installation of what is missing on a machine: by the package manager it has, else by the one its kind of system usually has. */
export function planInstallation(machine: Machine, missing: readonly Server[]): Installation {
  const present = PACKAGE_MANAGERS.find(({ program }) => machine.has(program))
  const families = [machine.platform, ...machine.families]
  const manager =
    present ?? PACKAGE_MANAGERS.find((usual) => usual.families.some((name) => families.includes(name)))
  if (manager === undefined) {
    return {
      steps: null,
      line: 'your package manager (Redis 6.2 or newer, or Valkey; Prometheus 2 or newer; Chromium)',
      note: '',
    }
  }
  const all = [...manager.before, [...manager.install, ...missing.map((server) => manager.packages[server])]]
  const needsSudo = manager.needsRoot && !machine.root
  const prefix = needsSudo ? ['sudo'] : []
  const line = all.map((step) => [...prefix, ...step].join(' ')).join(' && ')
  if (present === undefined || (needsSudo && !machine.has('sudo')))
    return { steps: null, line, note: manager.note }
  // -n: fails where a password would be asked for.
  const steps = all.map((step) => (needsSudo ? ['sudo', '-n', ...step] : step))
  return { steps, line, note: manager.note }
}

/** The words of `ID` and `ID_LIKE` in the text of an os-release file. */
export function familiesOf(osRelease: string): string[] {
  return [...osRelease.matchAll(/^ID(?:_LIKE)?=["']?([^"'\n]*)/gm)].flatMap(([, value = '']) =>
    value.split(' '),
  )
}

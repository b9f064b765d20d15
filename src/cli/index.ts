#!/usr/bin/env node
// The command line's process: arguments and environment in, exit code out.
import { runCommandLine } from './program.ts'

const exitCode = await runCommandLine(process.argv.slice(2), process.env)
// By now everything is closed; what may be left is a connection to a server that does not answer, which would keep the process.
process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)))

// A question to whoever sits at the terminal.
import { createInterface } from 'node:readline/promises'

/** Whether there is somebody to ask: both sides are a terminal. */
export function isTerminal(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY
}

/** Whether the answer is yes; anything else is no. */
export async function isAgreed(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await terminal.question(`${question} [y/N] `).finally(() => terminal.close())
  return /^y(es)?$/i.test(answer.trim())
}

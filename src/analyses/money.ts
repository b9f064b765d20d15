// Money as integer millionths of a currency, and as the decimal text in which it comes and goes.

const DECIMAL = /^(0|[1-9]\d{0,11})(?:\.(\d{1,6}))?$/
const MICROS = 1_000_000n
/** As many as prices have; more where there are more. */
const LEAST_DECIMALS = 2

/** What `parseMoney` takes, in words that go on from "must be". */
export const MONEY_FORM = 'a decimal number such as "0.002", with at most 12 digits and 6 decimals, as text'

/** Millionths; null for text of any other form, a sign or an exponent included. */
export function parseMoney(text: string): bigint | null {
  const match = DECIMAL.exec(text)
  if (match === null) return null
  const [, whole = '0', decimals = ''] = match
  return BigInt(whole) * MICROS + BigInt(decimals.padEnd(6, '0'))
}

/** Exactly as many decimals as there are, two at least: `0.002`, `5.00`, `-0.10`. */
export function formatMoney(micros: bigint): string {
  const sign = micros < 0n ? '-' : ''
  const amount = micros < 0n ? -micros : micros
  const decimals = String(amount % MICROS)
    .padStart(6, '0')
    .replace(/0+$/, '')
    .padEnd(LEAST_DECIMALS, '0')
  return `${sign}${amount / MICROS}.${decimals}`
}

// Figures as people read them.

const integers = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const times = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const days = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
/** Of what is not known, or of nothing. */
const NONE = '–'

/** @param {number | null | undefined} value @param {(value: number) => string} form */
const or = (value, form) => (value === null || value === undefined ? NONE : form(value))

/** Three digits or so. @param {number} value */
function short(value) {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2
  return new Intl.NumberFormat('en', { maximumFractionDigits: digits }).format(value)
}

/** @param {number | null | undefined} value */
export const count = (value) => or(value, (known) => integers.format(known))
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 })
/** Large numbers of which only the size matters. @param {number} value */
export const about = (value) => compact.format(value)
/** @param {number | null | undefined} value */
export const percent = (value) =>
  or(value, (known) => `${known >= 99.95 || known < 0.05 ? Math.round(known) : known.toFixed(1)}\u00a0%`)
/** @param {number | null | undefined} value */
export const perSecond = (value) => or(value, (known) => `${short(known)}/s`)
/** @param {number | null | undefined} value */
export const milliseconds = (value) =>
  or(value, (known) => (known >= 1000 ? `${short(known / 1000)}\u00a0s` : `${short(known)}\u00a0ms`))

/** @param {number | null | undefined} value */
export function bytes(value) {
  return or(value, (known) => {
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
    let power = 0
    while (known / 1024 ** power >= 1000 && power < units.length - 1) power++
    return `${short(known / 1024 ** power)}\u00a0${units[power] ?? ''}`
  })
}

/** As much of it as one reads; a line may end before the currency. @param {string | null} amount a decimal number @param {string | null} currency */
export function money(amount, currency) {
  return or(amount === null ? null : Number(amount), (known) => {
    const decimals = known >= 100 ? 0 : 2
    const digits =
      known > 0 && known < 1
        ? { maximumSignificantDigits: 3 }
        : { minimumFractionDigits: decimals, maximumFractionDigits: decimals }
    return `${new Intl.NumberFormat('en', digits).format(known)}${currency === null ? '' : ` ${currency}`}`
  })
}

/** @param {number} value */
export function seconds(value) {
  if (value < 120) return `${short(value)}\u00a0s`
  if (value < 7200) return `${short(value / 60)}\u00a0min`
  return `${short(value / 3600)}\u00a0h`
}

/** @param {number | string} at milliseconds since the Unix epoch, or a date-time */
export const time = (at) => times.format(new Date(at))

/** The day as well, unless it is today. @param {number | string} at */
export function moment(at) {
  const date = new Date(at)
  return date.toDateString() === new Date().toDateString() ? time(at) : `${days.format(date)}, ${time(at)}`
}

/** @param {number} amount @param {string} one @param {string} many */
export const plural = (amount, one, many = `${one}s`) =>
  `${integers.format(amount)} ${amount === 1 ? one : many}`

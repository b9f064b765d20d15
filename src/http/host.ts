// The Host header: there once, and of a form that a host can have (RFC 9110, 7.2; RFC 3986, 3.2.2). Empty is one without a name.

const HOST = /^(\[[0-9a-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[0-9a-f]{2})*)(:\d*)?$/i

export function isHost(value: string): boolean {
  return HOST.test(value)
}

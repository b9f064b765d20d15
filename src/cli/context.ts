// What commands get: the configuration, where their result goes, and for those that ask it, the service's address.
import type { Config } from '../config.ts'
import type { ServiceAddress } from './service.ts'

export interface ReportContext {
  config: Config
  /** Prints a result as JSON or as text, whichever was asked for. */
  output(value: object, text: string): void
}

export interface CommandContext extends ReportContext {
  address: ServiceAddress
  json: boolean
}

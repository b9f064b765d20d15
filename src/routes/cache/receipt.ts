// How far a clear reaches, as every answer about one says it.
import type { ClearResult } from '../../cache/index.ts'

export interface Receipt {
  seq: number | null
  scope: 'instance' | 'fleet'
  instances: { confirmed: number; expired: string[] }
  pending: boolean
}

export function receiptOf({ seq, pending, instances }: ClearResult): Receipt {
  const { confirmed, expired } = instances ?? { confirmed: null, expired: [] }
  return {
    seq,
    scope: pending ? 'instance' : 'fleet',
    instances: { confirmed: confirmed?.length ?? 1, expired },
    pending,
  }
}

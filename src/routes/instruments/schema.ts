// What is known of an instrument beside its bars.
import Type, { type Static } from 'typebox'
import { named, nullable, ReferenceName, SymbolParameter } from '../../http/schemas.ts'
import { INSTRUMENT_KINDS } from '../../loading/upsert-bars.ts'

export const InstrumentFields = {
  name: ReferenceName,
  kind: Type.Enum([...INSTRUMENT_KINDS], { description: 'Of an index there are scores' }),
  currency: Type.String({
    pattern: '^[A-Z]{3}$',
    'x-expects': 'a currency code of three capital letters (ISO 4217)',
    description: 'ISO 4217',
  }),
  exchange: Type.String({
    pattern: '^[A-Za-z0-9][A-Za-z0-9 ._-]{0,31}$',
    'x-expects': 'the name of an exchange: at most 32 letters, digits, blanks and . _ -',
    description: 'Such as XNYS',
  }),
}

export const InstrumentParameters = Type.Object({ symbol: SymbolParameter() })
export const InstrumentBody = Type.Object(
  {
    name: InstrumentFields.name,
    kind: InstrumentFields.kind,
    currency: Type.Optional(nullable(InstrumentFields.currency)),
    exchange: Type.Optional(nullable(InstrumentFields.exchange)),
  },
  { additionalProperties: false },
)
export type InstrumentBody = Static<typeof InstrumentBody>

export const Instrument = named(
  'Instrument',
  Type.Object({
    symbol: Type.String(),
    name: Type.String(),
    kind: InstrumentFields.kind,
    currency: nullable(Type.String()),
    exchange: nullable(Type.String()),
  }),
)
export type Instrument = Static<typeof Instrument>

import type { ListOrder } from '../../src/db/keyset.ts'
import { builder } from '../builder.ts'
import { OrderDirection } from '../enums.ts'

interface OrderOptions<Field extends string> {
  /** As the schema calls the rows: `Dataset`. */
  type: string
  /** As descriptions call them: `datasets`. */
  rows: string
  /** What they can be ordered by, each with its description. */
  fields: Record<Field, string>
  default: { field: NoInfer<Field>; direction: 'ASC' | 'DESC' }
}

/** The input `<type>Order` of a list: what to order by, and which end comes first. */
export function listOrder<const Field extends string>(options: OrderOptions<Field>) {
  const { type, rows, fields, default: usual } = options
  const entries = Object.entries<string>(fields).map(([field, description]) => [field, { description }] as const)
  const OrderField = builder.enumType(`${type}OrderField`, {
    description: `Orders of ${rows}.`,
    values: Object.fromEntries(entries) as Record<Field, { description: string }>,
  })
  const input = builder.inputType(`${type}Order`, {
    description: `The order of ${rows}; those without the value come last in either direction.`,
    fields: (t) => ({
      field: t.field({
        type: OrderField,
        required: true,
        defaultValue: usual.field as never,
        description: 'The order.',
      }),
      direction: t.field({
        type: OrderDirection,
        required: true,
        defaultValue: usual.direction,
        description: 'The direction.',
      }),
    }),
  })
  return {
    input,
    /** The order that is asked for, and its name in cursors. */
    read(given: { field: unknown; direction: 'ASC' | 'DESC' } | null | undefined): ListOrder<Field> & { name: string } {
      const { field, direction } = (given ?? usual) as { field: Field; direction: 'ASC' | 'DESC' }
      return { field, descending: direction === 'DESC', name: `${field} ${direction}` }
    },
  }
}

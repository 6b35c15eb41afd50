/** JSON Schemas of a dataset's items. A missing expected output is validated as null. */

import { calculationLimits, calculations, maxCalculationMb, TooHeavyError } from '../../calculations/calculations.ts'
import { InvalidInputError } from '../../domain/errors.ts'
import type { Json } from '../../domain/json/json.ts'
import { checkSchema } from '../../evaluators/registry.ts'
import { type ItemContent, ItemProblem } from './item-content.ts'

export interface ItemSchemas {
  inputSchema: Json
  expectedOutputSchema: Json
}

/** What schemas see of an item. */
export type CheckedItem = Pick<ItemContent, 'input' | 'expectedOutput'>

const module = new URL('check-items.ts', import.meta.url)
const maxItems = 500

/**
 * @param group who asks: its project
 * @throws {InvalidInputError} for an invalid schema, with path `inputSchema` or `expectedOutputSchema`.
 */
export async function checkItemSchemas(schemas: ItemSchemas, group: string): Promise<void> {
  for (const field of ['inputSchema', 'expectedOutputSchema'] as const) {
    if (schemas[field] !== null) await checkSchema(schemas[field], group, [field])
  }
}

/** Whether there is anything to check. */
export function hasSchemas({ inputSchema, expectedOutputSchema }: ItemSchemas): boolean {
  return inputSchema !== null || expectedOutputSchema !== null
}

/**
 * Checks items without occupying the event loop.
 * @param group who asks: its project
 * @returns the first problem of each item; null for one that fits
 * @throws {InvalidInputError} the schemas take too long, or too much memory
 */
export async function findMisfits(
  schemas: ItemSchemas,
  items: readonly CheckedItem[],
  group: string,
): Promise<(ItemProblem | null)[]> {
  if (!hasSchemas(schemas)) return items.map(() => null)
  const { inputSchema, expectedOutputSchema } = schemas
  const found: (ItemProblem | null)[] = []
  for (let from = 0; from < items.length; from += maxItems) {
    const part = items.slice(from, from + maxItems).map(({ input, expectedOutput }) => ({ input, expectedOutput }))
    const input = { schemas: { inputSchema, expectedOutputSchema }, items: part }
    const misfits = await calculations
      .run<({ field: string; expected: string; got: string } | null)[]>({
        module,
        input,
        group,
        timeoutMs: calculationLimits.itemsMs,
      })
      .catch((error) => {
        throw error instanceof TooHeavyError ? tooHeavy(part.length) : error
      })
    found.push(...misfits.map((misfit) => misfit && new ItemProblem(misfit.field, misfit.expected, misfit.got)))
  }
  return found
}

function tooHeavy(count: number): InvalidInputError {
  return new InvalidInputError(
    `Expected items that can be checked against the schemas of their dataset within ${calculationLimits.itemsMs / 1_000} s and ${maxCalculationMb} MB, got ${count} that cannot: simplify the schemas, or send fewer items at once.`,
  )
}

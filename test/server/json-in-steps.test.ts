import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { jsonInSteps, takesSteps } from '../../src/server/json-in-steps.ts'

async function written(value: object): Promise<{ json: string; steps: number }> {
  let steps = 0
  const json = await text(
    jsonInSteps(value, () => {
      steps += 1
    }) as unknown as NodeJS.ReadableStream,
  )
  return { json, steps }
}

const long = 'x'.repeat(70_000)
/** Pairs of surrogates at every place, also where a text is divided. */
const emoji = `${'😀'.repeat(40_000)}a${'😀'.repeat(40_000)}`

test.each([
  ['long texts', { a: long, b: { c: [long, `${long}"\\\n\u2028`] } }],
  ['pairs of surrogates', { a: emoji, b: `a${emoji}`, c: '\uD83D'.repeat(70_000) }],
  ['many small values', { list: Array.from({ length: 20_000 }, (_, n) => ({ n, ok: n % 2 === 0, none: null })) }],
  ['names to escape', { [`"${long}`]: { [long]: 1 }, '': {} }],
  ['empty containers', { a: [], b: {}, c: [[], {}], d: long, e: long, f: long, g: long }],
  [
    'values without JSON',
    { a: undefined, b: [undefined, Number.NaN, Number.POSITIVE_INFINITY], c: [long, () => 1, long] },
  ],
  ['values with their own JSON', { a: new Date(0), b: [long, long, long, long, new Date(1)] }],
  ['null prototypes', Object.assign(Object.create(null), { a: long, b: [Object.create(null)] })],
  ['small values', { a: 1 }],
])('writes %s as JSON.stringify does', async (_what, value) => {
  expect((await written(value)).json).toBe(JSON.stringify(value))
})

test('the event loop does other work between the steps of a large value', async () => {
  const value = { list: Array.from({ length: 20 }, () => 'x'.repeat(400_000)) }
  expect(takesSteps(value)).toBe(true)
  let turns = 0
  let going = true
  const count = () => {
    turns += 1
    if (going) setImmediate(count)
  }
  setImmediate(count)
  const [{ json, steps }] = await Promise.all([written(value), written(value)])
  going = false
  expect(json.length).toBeGreaterThan(8_000_000)
  expect(steps).toBeGreaterThan(100)
  // Two at once take turns.
  expect(turns).toBeGreaterThan(2 * steps - 10)
})

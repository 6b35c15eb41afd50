import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/domain/clock.ts'
import { jsonInSteps, takesSteps } from '../../src/server/json-in-steps.ts'
import { LoopTime } from '../../src/server/limits/loop-time.ts'

const written = (value: object, loopTime = new LoopTime(systemClock), caller = 'one') =>
  text(jsonInSteps(value, loopTime, caller) as unknown as NodeJS.ReadableStream)

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
  expect(await written(value)).toBe(JSON.stringify(value))
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
  const [json] = await Promise.all([written(value), written(value)])
  going = false
  expect(json.length).toBeGreaterThan(8_000_000)
  // Two at once take turns.
  expect(turns).toBeGreaterThan(200)
})

test('an answer of a caller who has taken much waits between its steps while others ask, and no longer', async () => {
  const value = { list: Array.from({ length: 5 }, () => 'x'.repeat(400_000)) }
  let others = true
  const loopTime = new LoopTime(systemClock)
  const owe = () => {
    if (others) loopTime.asked('other', 0)
    loopTime.asked('heavy', 1_000)
  }
  owe()
  expect(loopTime.pauseOf('heavy')).toBeGreaterThan(1_000)
  const asking = setInterval(owe, 20)
  const startedAt = performance.now()
  await written(value, loopTime, 'heavy')
  const waited = performance.now() - startedAt
  others = false
  clearInterval(asking)
  expect(waited).toBeGreaterThan(200)
  expect(waited).toBeLessThan(3_000)
})

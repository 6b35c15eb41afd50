import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Calculations, TooHeavyError } from '../../src/calculations/calculations.ts'

let folder: string
let module: URL
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-calculations-'))
  const errors = pathToFileURL(join(import.meta.dirname, '../../src/domain/errors.ts')).href
  await writeFile(
    join(folder, 'calculation.mjs'),
    `import { InvalidInputError } from ${JSON.stringify(errors)}
import { getPriority } from 'node:os'
const kept = []
export function calculate({ what, n }) {
  if (what === 'process') return process.pid
  if (what === 'priority') return getPriority()
  if (what === 'compute') { const until = performance.now() + n; while (performance.now() < until); return n }
  if (what === 'refuse') throw new InvalidInputError('expected less', ['some', 'path'])
  if (what === 'fill') for (;;) kept.push(Array.from({ length: 100_000 }, (_, i) => ({ i })))
  if (what === 'exit') process.exit(3)
  throw new Error('no idea')
}`,
  )
  module = pathToFileURL(join(folder, 'calculation.mjs'))
})
afterAll(() => rm(folder, { recursive: true }))

const run = (calculations: Calculations, what: string, { n = 0, group = 'a', timeoutMs = 10_000 } = {}) =>
  calculations.run<number>({ module, input: { what, n }, group, timeoutMs })

test('a calculation leaves the event loop alone', async () => {
  const calculations = new Calculations(1)
  await run(calculations, 'process')
  let turns = 0
  const turn = setInterval(() => (turns += 1), 5)
  expect(await run(calculations, 'compute', { n: 300 })).toBe(300)
  clearInterval(turn)
  expect(turns).toBeGreaterThan(5)
})

test('a calculation gives way to who asks for it', async () => {
  expect(await run(new Calculations(1), 'priority')).toBeGreaterThan(getPriority())
})

test('one that takes too long is ended, and the next one is calculated', async () => {
  const calculations = new Calculations(1)
  const endless = run(calculations, 'compute', { n: 60_000, timeoutMs: 200 })
  const next = run(calculations, 'process')
  await expect(endless).rejects.toThrow(TooHeavyError)
  await expect(endless).rejects.toThrow('it took longer than 0.2 s to calculate')
  expect(await next).toBeGreaterThan(0)
})

test('one that needs too much memory is ended', async () => {
  const calculations = new Calculations(1, 64)
  await expect(run(calculations, 'fill')).rejects.toThrow(new TooHeavyError('it needed more than 64 MB'))
  expect(await run(calculations, 'compute', { n: 1 })).toBe(1)
})

test('one that ends its process is over', async () => {
  const calculations = new Calculations(1)
  const why = new TooHeavyError('its process ended with 3 while it had')
  await expect(run(calculations, 'exit')).rejects.toThrow(why)
  expect(await run(calculations, 'compute', { n: 1 })).toBe(1)
})

test('errors keep their message, and those of users their path', async () => {
  const calculations = new Calculations(1)
  await expect(run(calculations, 'refuse')).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: 'expected less',
    path: ['some', 'path'],
  })
  await expect(run(calculations, 'else')).rejects.toThrow('no idea')
})

test('processes are used again, and no group has them all', async () => {
  const calculations = new Calculations(2)
  const first = await run(calculations, 'process')
  expect(await run(calculations, 'process')).toBe(first)
  // Both have started when neither ends at once.
  await Promise.all(['a', 'b'].map((group) => run(calculations, 'compute', { n: 300, group })))
  const ended: number[] = []
  const calls = [
    ...[201, 202, 203].map((n) => run(calculations, 'compute', { n })),
    run(calculations, 'compute', { n: 1, group: 'b' }),
  ]
  await Promise.all(calls.map(async (call) => ended.push(await call)))
  expect(ended.indexOf(1)).toBeLessThan(ended.indexOf(202))
  expect(ended).toHaveLength(4)
})

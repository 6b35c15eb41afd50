import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { importItems } from '../../../src/engine/datasets/import.ts'
import { createTestEngine, type TestEngine } from '../../helpers/engine.ts'

let test: TestEngine
beforeAll(async () => {
  test = await createTestEngine()
})
afterAll(() => test[Symbol.asyncDispose]())

const ROWS = 100_000
const MB = 1024 * 1024

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** Bytes that something still refers to. The size of the process says more about when garbage is collected. */
function live(): number {
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** About a kilobyte a row, each made when it is asked for. */
async function* file(onTenth: () => void) {
  let text = ''
  for (let n = 0; n < ROWS; n++) {
    const input = { question: `What is ${n} + ${n}? `.repeat(40), n }
    text += `${JSON.stringify({ key: `row-${n}`, input, expectedOutput: String(2 * n), tags: ['sum'], level: n % 7 })}\n`
    if (n % (ROWS / 10) === 0) onTenth()
    if (text.length < 64 * 1024) continue
    yield Buffer.from(text)
    text = ''
  }
  yield Buffer.from(text)
}

it('imports 100,000 rows in bounded memory, and again without a change', { timeout: 180_000 }, async () => {
  for (const expected of [
    { added: ROWS, unchanged: 0 },
    { added: 0, unchanged: ROWS },
  ]) {
    const before = live()
    const rss = process.memoryUsage.rss()
    let peak = 0
    let size = 0
    const begin = performance.now()
    const result = await importItems(test.services, test.scope, {
      dataset: 'large',
      source: file(() => {
        peak = Math.max(peak, live())
      }),
      format: 'jsonl',
      mapping: {},
      onProgress(_rows, bytes) {
        size = bytes
      },
    })
    const seconds = (performance.now() - begin) / 1000
    const growth = (peak - before) / MB
    const rssGrowth = (process.memoryUsage.rss() - rss) / MB
    console.info(
      `${ROWS} rows, ${(size / MB).toFixed()} MB in ${seconds.toFixed(1)} s: ${growth.toFixed(1)} MB more alive, process ${rssGrowth.toFixed()} MB larger`,
    )
    expect(result).toMatchObject({ rows: ROWS, version: 1, ...expected })
    expect(size).toBeGreaterThan(90 * MB)
    expect(growth).toBeLessThan(20)
  }
})

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

/** About a kilobyte a row, each made when it is asked for. */
async function* file() {
  let text = ''
  for (let n = 0; n < ROWS; n++) {
    const input = { question: `What is ${n} + ${n}? `.repeat(40), n }
    text += `${JSON.stringify({ key: `row-${n}`, input, expectedOutput: String(2 * n), tags: ['sum'], level: n % 7 })}\n`
    if (text.length < 64 * 1024) continue
    yield Buffer.from(text)
    text = ''
  }
  yield Buffer.from(text)
}

it('imports 100,000 rows in bounded memory, and again without a change', { timeout: 120_000 }, async () => {
  const before = process.memoryUsage.rss()
  for (const expected of [
    { added: ROWS, unchanged: 0 },
    { added: 0, unchanged: ROWS },
  ]) {
    let peak = 0
    let size = 0
    const begin = performance.now()
    const result = await importItems(test.engine, test.scope, {
      dataset: 'large',
      source: file(),
      format: 'jsonl',
      mapping: {},
      onProgress(_rows, bytes) {
        size = bytes
        peak = Math.max(peak, process.memoryUsage.rss())
      },
    })
    peak = Math.max(peak, process.memoryUsage.rss())
    const seconds = (performance.now() - begin) / 1000
    const growth = (peak - before) / MB
    console.info(
      `${ROWS} rows, ${(size / MB).toFixed()} MB: ${seconds.toFixed(1)} s, memory grew by ${growth.toFixed()} MB`,
    )
    expect(result).toMatchObject({ rows: ROWS, version: 1, ...expected })
    // Reading takes some 60–120 MB, depending on when garbage is collected; keeping the file or its rows would come on top.
    expect(size).toBeGreaterThan(90 * MB)
    expect(growth).toBeLessThan(150)
  }
})

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

const rowCount = 40_000
const MB = 1024 * 1024

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** Bytes that are still referenced. The size of the process depends more on when garbage is collected. */
function live(): number {
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** About a kilobyte per row, generated on demand. */
async function* file(onTenth: () => void) {
  let text = ''
  for (let n = 0; n < rowCount; n++) {
    const input = { question: `What is ${n} + ${n}? `.repeat(40), n }
    text += `${JSON.stringify({ key: `row-${n}`, input, expectedOutput: String(2 * n), tags: ['sum'], level: n % 7 })}\n`
    if (n % (rowCount / 10) === 0) onTenth()
    if (text.length < 64 * 1024) continue
    yield Buffer.from(text)
    text = ''
  }
  yield Buffer.from(text)
}

it('imports 40,000 rows in bounded memory, and again without a change', { timeout: 180_000 }, async () => {
  for (const expected of [
    { added: rowCount, unchanged: 0 },
    { added: 0, unchanged: rowCount },
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
      `${rowCount} rows, ${(size / MB).toFixed()} MB in ${seconds.toFixed(1)} s: ${growth.toFixed(1)} MB more alive, process ${rssGrowth.toFixed()} MB larger`,
    )
    expect(result).toMatchObject({ rows: rowCount, version: 1, ...expected })
    // Far more than may be kept of it.
    expect(size).toBeGreaterThan(36 * MB)
    expect(growth).toBeLessThan(12)
  }
})

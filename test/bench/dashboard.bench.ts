/**
 * Measures the page of a run of 100,000 items in Chromium, while 5,000 of its rows change every second: a recorded
 * stream, replayed over a real WebSocket, once for the rows in view and once for all rows. Exits with status 1 when a bound
 * is missed: scripting per frame, blank rows while somebody scrolls, memory, the time to the first rows, and the size of the
 * scripts until then. `node test/bench/dashboard.bench.ts [items] [seconds]`, default 100,000 and 15.
 */
import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { encodeGlobalId } from '../../src/domain/global-id.ts'
import { startServer } from '../../src/server/start-server.ts'
import { browserPath, launchBrowser, withoutBrowser } from '../helpers/browser.ts'
import { seedRuns } from './comparison-data.ts'
import { frames, markFrames, quantile } from './dashboard-frames.ts'
import { type Gateway, type Mode, startGateway } from './dashboard-gateway.ts'
import { changesPerSecond, type Recording, record, rowsPerTick } from './dashboard-recording.ts'
import { startBench } from './harness.ts'

const [items = 100_000, seconds = 15] = process.argv.slice(2).map(Number)
/** Rows that change with every tick: those that a page shows at first. */
const hot = 40
const recordedTicks = 100
/** Ten minutes' worth. */
const rushedTicks = (600 * changesPerSecond) / rowsPerTick

let missed = 0
function check(ok: boolean, what: string): void {
  if (!ok) missed += 1
  console.log(`${ok ? 'ok    ' : 'MISSED'} ${what}`)
}

if (!browserPath) {
  console.error(withoutBrowser)
  process.exit(1)
}
await using bench = await startBench([])
const { services, feeds, comparisons, listener, db } = bench
const { runIds } = await seedRuns(db.pool, items, 1)
const [rawId = ''] = runIds
await db.pool.query(
  `UPDATE run SET status = 'RUNNING', finished_at = NULL, started_at = now(), queued = total, succeeded = 0 WHERE id = $1`,
  [rawId],
)
const run = { rawId, id: encodeGlobalId('Run', rawId), items }
const server = await startServer({ services, feeds, comparisons, listener, host: '127.0.0.1', port: 0 })
const browser = await launchBrowser()
try {
  await using gateway = await startGateway(server.url)
  await measureNavigation(gateway)
  const rows = gateway.subscribed.get('RunItemsFeed')
  const head = gateway.subscribed.get('RunHead')
  if (!rows || !head) throw new Error(`the page subscribed to ${[...gateway.subscribed.keys()]}, not to its run`)
  const options = { db, url: server.url, run, documents: { rows, head }, ticks: recordedTicks, hot }
  const recording = await record(options)
  for (const mode of ['WINDOW', 'WHOLE'] as const) await measureFeed(gateway, recording, mode)
} finally {
  await browser.close()
  await server.stop()
}
process.exitCode = missed > 0 ? 1 : 0

/** Cold each time: nothing is cached, and the page is the first of its browser context. */
async function measureNavigation(gateway: Gateway): Promise<void> {
  const times: number[] = []
  let scripts = 0
  for (let n = 0; n < 5; n++) {
    await using visit = await open(browser)
    const bodies: Promise<Buffer>[] = []
    visit.page.on('response', (response) => {
      if (response.request().resourceType() === 'script') bodies.push(response.body())
    })
    await visit.page.goto(`${gateway.url}/runs/${run.id}`)
    times.push(await firstRows(visit.page))
    scripts = (await Promise.all(bodies)).reduce((sum, body) => sum + gzipSync(body).length, 0)
    // The window follows what is in view.
    while (!gateway.subscribed.has('RunItemsFeed')) await visit.page.waitForTimeout(50)
  }
  check(
    quantile(times, 0.5) <= 1_000,
    `first rows after ${quantile(times, 0.5).toFixed(0)} ms (≤ 1,000; ${times.map((ms) => ms.toFixed(0))})`,
  )
  check(scripts <= 350_000, `scripts until then: ${(scripts / 1_000).toFixed(0)} kB gzipped (≤ 350)`)
}

async function measureFeed(gateway: Gateway, recording: Recording, mode: Mode): Promise<void> {
  const name = mode === 'WINDOW' ? 'window feed' : 'whole feed'
  const watch = async (path: string, ready: (page: Page) => Promise<unknown>) => {
    await using visit = await open(browser)
    await visit.page.goto(`${gateway.url}${path}`)
    await ready(visit.page)
    // What compiles and warms up is not what somebody watches.
    await gateway.play(recording, mode, 3)
    return await frames(browser, visit.page, () => gateway.play(recording, mode, seconds))
  }
  const empty = await watch('/empty', (page) => page.waitForTimeout(500))
  const page = await watch(`/runs/${run.id}`, async (page) => {
    await firstRows(page)
    await page.waitForTimeout(500)
  })
  const [limit, p95] = [quantile(empty, 0.95), quantile(page, 0.95)]
  check(
    p95 <= 8 || (limit > 1 && p95 <= 4 * limit),
    `${name}: scripting per frame p50 ${quantile(page, 0.5).toFixed(2)}, p95 ${p95.toFixed(2)}, p99 ${quantile(page, 0.99).toFixed(2)} ms ` +
      `(p95 ≤ 8, or ≤ 4 × the empty page's ${limit.toFixed(2)}); ${page.length} frames`,
  )
  await using visit = await open(browser)
  await visit.page.goto(`${gateway.url}/runs/${run.id}`)
  await firstRows(visit.page)
  await measureScrolling(gateway, recording, mode, visit.page, name)
  await gateway.rush(recording, mode, rushedTicks)
  const used = await heap(visit.page)
  check(
    used <= 250,
    `${name}: heap of ${used.toFixed(0)} MB after ${(rushedTicks * rowsPerTick).toLocaleString('en-US')} changes (≤ 250)`,
  )
}

/** Scrolls as fast as somebody who looks for something, while rows change. */
async function measureScrolling(gateway: Gateway, recording: Recording, mode: Mode, page: Page, name: string) {
  const playing = gateway.play(recording, mode, 10)
  const { drawn, blank, skeleton } = await page.evaluate(async () => {
    const grid = document.querySelector('[role=grid]') as HTMLElement
    const head = (grid.querySelector('[role=rowgroup]') as HTMLElement).offsetHeight
    const rowHeight = 36
    const found = { drawn: 0, blank: 0, skeleton: 0 }
    const start = performance.now()
    while (performance.now() - start < 8_000) {
      await new Promise(requestAnimationFrame)
      // What the last frame has shown.
      const rows = new Map<number, Element>()
      for (const row of grid.querySelectorAll('[role=row][aria-selected]'))
        rows.set(Number(row.getAttribute('aria-rowindex')) - 2, row)
      const last = Math.floor((grid.scrollTop + grid.clientHeight - head - 1) / rowHeight)
      for (let index = Math.floor(grid.scrollTop / rowHeight); index <= last; index++) {
        found.drawn++
        const row = rows.get(index)
        if (!row) found.blank++
        else if (row.textContent === '') found.skeleton++
      }
      grid.scrollTop += 25
    }
    return found
  })
  await playing
  check(
    blank === 0 && skeleton === 0,
    `${name}: while scrolling 1,500 px/s, ${blank} rows blank and ${skeleton} without content, of ${drawn} shown (0)`,
  )
}

/** Milliseconds from the start of the navigation until rows with content are drawn. */
function firstRows(page: Page): Promise<number> {
  return page.evaluate(async () => {
    for (;;) {
      await new Promise(requestAnimationFrame)
      const cell = document.querySelector('[role=row][aria-rowindex="2"] [role=gridcell]')
      if (cell && cell.textContent !== '') return performance.now()
    }
  })
}

/** Megabytes that are alive. */
async function heap(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = (await session.send('Runtime.getHeapUsage')) as { usedSize: number }
  return usedSize / 1e6
}

async function open(browser: Browser): Promise<{ page: Page } & AsyncDisposable> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  await markFrames(page)
  page.on('pageerror', (error) => {
    console.error(error.message)
    missed += 1
  })
  return { page, [Symbol.asyncDispose]: () => context.close() }
}

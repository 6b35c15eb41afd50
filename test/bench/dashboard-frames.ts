/** How long scripts ran between one frame and the next, from a trace of the browser. */
import type { Browser, Page } from 'playwright-core'

interface TraceEvent {
  name: string
  ph: string
  pid: number
  tid: number
  /** Microseconds. */
  ts: number
  dur?: number
}

/** Everything of a trace that is JavaScript or done for it. */
const scripting = new Set([
  'EvaluateScript',
  'FireAnimationFrame',
  'FunctionCall',
  'MajorGC',
  'MinorGC',
  'RunMicrotasks',
  'TimerFire',
  'V8.GCFinalizeMC',
  'V8.GCIncrementalMarking',
  'V8.GCScavenger',
  'v8.callFunction',
])

const mark = 'assay-frame'

/** Lets the page draw frame after frame, with a mark at each: without them, a page that changes nothing has no frames. */
export async function markFrames(page: Page): Promise<void> {
  await page.addInitScript((mark) => {
    const next = () => {
      performance.mark(mark)
      performance.clearMarks(mark)
      requestAnimationFrame(next)
    }
    requestAnimationFrame(next)
  }, mark)
}

/** Milliseconds of scripting of every frame while `run` is under way. */
export async function frames(browser: Browser, page: Page, run: () => Promise<void>): Promise<number[]> {
  const categories = ['-*', 'devtools.timeline', 'blink.user_timing', 'v8', 'disabled-by-default-v8.gc']
  await browser.startTracing(page, { categories, screenshots: false })
  await run()
  const { traceEvents } = JSON.parse(String(await browser.stopTracing())) as { traceEvents: TraceEvent[] }
  return scriptingPerFrame(traceEvents)
}

function scriptingPerFrame(events: readonly TraceEvent[]): number[] {
  const marks = events.filter(({ name }) => name === mark)
  const [{ pid, tid } = { pid: 0, tid: 0 }] = marks
  const ends = marks
    .filter((one) => one.pid === pid)
    .map(({ ts }) => ts)
    .sort((a, b) => a - b)
  const spans = events
    .filter((event) => event.pid === pid && event.tid === tid && event.ph === 'X' && scripting.has(event.name))
    .map(({ ts, dur = 0 }) => ({ from: ts, to: ts + dur }))
    .sort((a, b) => a.from - b.from)
  const perFrame: number[] = []
  let span = 0
  let covered = 0
  for (let frame = 1; frame < ends.length; frame++) {
    const [from = 0, to = 0] = [ends[frame - 1], ends[frame]]
    let sum = 0
    covered = Math.max(covered, from)
    // Spans lie in each other: what is covered counts once.
    for (let next = spans[span]; next !== undefined && next.from < to; next = spans[span]) {
      const start = Math.max(next.from, covered)
      const end = Math.min(next.to, to)
      if (end > start) {
        sum += end - start
        covered = end
      }
      // The rest of it belongs to the next frame.
      if (next.to > to) break
      span++
    }
    perFrame.push(sum / 1_000)
  }
  return perFrame
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}

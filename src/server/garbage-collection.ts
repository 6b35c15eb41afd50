import { PerformanceObserver, performance } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Keeps V8 from allocating what lives for one answer or batch in the old generation; to be called before the first one.
 *
 * When an early collection happens to find most objects of a call site alive, V8 allocates them in the old generation
 * from then on. Each old, dead row or cell of an answer then keeps everything that it refers to alive until the next
 * collection of the old generation: a page of a comparison left 600 to 1,000 KB behind instead of 1 KB, an executed item 1.8
 * KB instead of 60 bytes.
 */
export function allocateYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
}

/** Bytes of the young generation, both of its halves together. */
const youngBytes = 16 * 1024 * 1024

/** By how much the old generation may grow between two collections: by default it triples. */
const growthPercent = 30

/**
 * Lets the young generation grow to 16 MB instead of 128, and the old one by a third between two collections; to be
 * called before the code of a server is loaded, which makes them grow. What a server allocates lives for one answer or
 * batch, for which that is enough, and all of both stays resident. V8 takes the limit of the young one itself at the
 * start of a process only, but asks for its factor of growth each time.
 */
export function boundMemory(): void {
  setFlagsFromString(`--heap-growing-percent=${growthPercent}`)
  let mayGrow = true
  const check = () => {
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
    const isSmall = (young?.space_size ?? 0) < youngBytes
    if (isSmall === mayGrow) return
    mayGrow = isSmall
    // It shrinks when little is allocated, and has to grow again afterwards.
    setFlagsFromString(`--semi-space-growth-factor=${isSmall ? 2 : 1}`)
  }
  check()
  new PerformanceObserver(check).observe({ entryTypes: ['gc'] })
}

/** When a server has answered the first requests: after its start, in milliseconds. */
const afterStartMs = 2_000
/** How often it is looked whether a server does nothing, in milliseconds. */
const lookMs = 500
/** A server does nothing if it works for less than this part of the time. */
const idleShare = 0.05

/**
 * Gives back what loading the code has left, about 40 MB in pages that are half empty, once the server has started and
 * does nothing: it answers nobody for about 0.2 s.
 * @returns a function that calls it off
 */
export function compactAfterStart(): () => void {
  const from = performance.now() + afterStartMs
  let before = performance.eventLoopUtilization()
  const timer = setInterval(() => {
    const { utilization } = performance.eventLoopUtilization(before)
    before = performance.eventLoopUtilization()
    if (performance.now() < from || utilization > idleShare) return
    clearInterval(timer)
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as (options: {
      type: 'major'
      execution: 'sync'
      flavor: 'last-resort'
    }) => void
    collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  }, lookMs).unref()
  return () => clearInterval(timer)
}

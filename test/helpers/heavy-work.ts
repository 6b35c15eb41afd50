/** What takes long by intention, and whether it takes longer than it should on a machine of any speed. */
import { onTestFinished } from 'vitest'
import { calculationLimits } from '../../src/calculations/calculations.ts'

/** Ends calculations early until the test ends, so that it need not wait for them. */
export function endCalculationsAfter(limits: Partial<typeof calculationLimits>): void {
  const shipped = { ...calculationLimits }
  Object.assign(calculationLimits, limits)
  onTestFinished(() => void Object.assign(calculationLimits, shipped))
}

/** Texts, objects, numbers and their order: some 12 ms of a usual machine. */
function referenceWork(): unknown {
  const records = Array.from({ length: 10_000 }, (_, n) => ({ key: `key ${(n * 7_919) % 10_007}`, value: Math.sin(n) }))
  const read: typeof records = JSON.parse(JSON.stringify(records))
  return Map.groupBy(
    read.sort((a, b) => (a.key < b.key ? -1 : 1)),
    ({ key, value }) => key.replace(/\d$/, value > 0 ? '+' : '-'),
  )
}

/** @returns for how long this thread has worked since, in milliseconds: what else the machine does is not in it */
function threadMs(): () => number {
  const begun = process.threadCpuUsage()
  return () => {
    const { user, system } = process.threadCpuUsage(begun)
    return (user + system) / 1_000
  }
}

/** The time of the fastest of some rounds: the first ones are not optimised, and any may collect garbage. */
function referenceMs(): number {
  const rounds = Array.from({ length: 6 }, () => {
    const worked = threadMs()
    referenceWork()
    return worked()
  })
  return Math.min(...rounds)
}

/** Measures the reference work now and when it is called. @returns what some milliseconds are, as a multiple of the slower one */
function inReferenceWorks(): (ms: number) => number {
  const before = referenceMs()
  return (ms) => ms / Math.max(before, referenceMs())
}

/** @returns for how long this thread has worked since, as a multiple of the reference work */
export function threadClock(): () => number {
  const multiple = inReferenceWorks()
  const worked = threadMs()
  return () => multiple(worked())
}

/** The longest that the event loop was occupied at once during some work: time of its thread as a multiple of the reference work. */
export async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  const multiple = inReferenceWorks()
  const worked = threadMs()
  let longest = 0
  let last = worked()
  const turn = () => {
    const now = worked()
    longest = Math.max(longest, now - last)
    last = now
  }
  const turns = setInterval(turn, 5)
  await work().catch(() => {})
  turn()
  clearInterval(turns)
  return multiple(longest)
}

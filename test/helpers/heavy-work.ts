/** What takes long by intention. */
import { onTestFinished } from 'vitest'
import { calculationLimits } from '../../src/calculations/calculations.ts'

/** Ends calculations early until the test ends, so that it need not wait for them. */
export function endCalculationsAfter(limits: Partial<typeof calculationLimits>): void {
  const shipped = { ...calculationLimits }
  Object.assign(calculationLimits, limits)
  onTestFinished(() => void Object.assign(calculationLimits, shipped))
}

/** @returns for how long this thread has worked since, in milliseconds: what else the machine does is not in it */
export function threadClock(): () => number {
  const begun = process.threadCpuUsage()
  return () => {
    const { user, system } = process.threadCpuUsage(begun)
    return (user + system) / 1_000
  }
}

/** The longest that the event loop was occupied at once during some work, in milliseconds of its thread. */
export async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  const worked = threadClock()
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
  return longest
}

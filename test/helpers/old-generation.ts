import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { allocateYoung } from '../../src/server/garbage-collection.ts'

allocateYoung()
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (options: { type: 'minor' | 'major' }) => void

/**
 * MB that `work` leaves in the old generation, where they stay until the next full collection, needed or not: the least of
 * three times, as what others in the process leave meanwhile comes on top.
 */
export async function leftByMb(work: () => Promise<unknown>): Promise<number> {
  const left: number[] = []
  while (left.length < 3) {
    // The next full collection is then far away.
    collect({ type: 'major' })
    const before = oldMb()
    await work()
    // What survives two collections of the young generation is old.
    for (let collections = 0; collections < 2; collections += 1) collect({ type: 'minor' })
    left.push(oldMb() - before)
  }
  return Math.min(...left)
}

function oldMb(): number {
  const old = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')
  return (old?.space_used_size ?? 0) / 1024 / 1024
}

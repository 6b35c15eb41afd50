import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { watchAbort } from '../../src/feed/wake-up.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

test('waiting in rounds for values or an abort keeps none of the values', async () => {
  const ended = watchAbort(new AbortController().signal)
  const values: WeakRef<object>[] = []
  for (let round = 0; round < 100; round++) {
    const value = { round }
    values.push(new WeakRef(value))
    await ended.until(Promise.resolve(value))
  }
  // A WeakRef keeps its target until the task that made it has ended.
  await new Promise((resolve) => setImmediate(resolve))
  collectGarbage()
  // The last one may still be in a register.
  expect(values.filter((value) => value.deref() !== undefined).length).toBeLessThanOrEqual(1)
  expect(ended.aborted).toBe(false)
})

test('an abort, or a failure of what is waited for, ends the waiting', async () => {
  const abort = new AbortController()
  const ended = watchAbort(abort.signal)
  await ended.until(Promise.reject(new Error('no')))
  const waiting = ended.until(new Promise(() => {}))
  abort.abort()
  await waiting
  await ended.until(new Promise(() => {}))
})

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Listeners, onAbort } from '../../src/domain/listeners.ts'

test('after any additions and removals, exactly those that were not removed are called, once', () => {
  const step = fc.record({ add: fc.boolean(), which: fc.nat() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const listeners = new Listeners()
      const called: number[] = []
      const removals: (() => void)[] = []
      const present = new Set<number>()
      for (const { add, which } of steps) {
        if (add) {
          const id = removals.length
          removals.push(listeners.add(() => called.push(id)))
          present.add(id)
        } else if (removals.length > 0) {
          const id = which % removals.length
          // Also one that was removed before.
          removals[id]?.()
          present.delete(id)
        }
      }
      listeners.call()
      listeners.call()
      expect(called.sort((a, b) => a - b)).toEqual([...present].sort((a, b) => a - b))
    }),
  )
})

test('an aborted signal calls its listeners, and one that was removed before or after is not called', () => {
  const controller = new AbortController()
  const called: string[] = []
  const remove = onAbort(controller.signal, () => called.push('removed'))
  const keep = onAbort(controller.signal, () => called.push('kept'))
  remove()
  controller.abort()
  keep()
  expect(called).toEqual(['kept'])
})

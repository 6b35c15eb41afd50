import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { OutputDiffs } from '../../src/domain/text-diff.ts'
import { threadClock } from '../helpers/heavy-work.ts'

/** Enough different words that comparing them takes some milliseconds. */
const words = (seed: number) => Array.from({ length: 2_000 }, (_, i) => ((i + 1) * seed) % 9_973).join(' ')

/** The library stops by it. */
function stopLibraryClock(): void {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
}

describe('the diff of two outputs', () => {
  test('is word by word, keeps every character of both, and writes JSON with indents', () => {
    stopLibraryClock()
    const diffs = new OutputDiffs(() => 0)
    expect(diffs.diff('one two three', 'one 2 three')).toEqual([
      { kind: 'SAME', text: 'one ' },
      { kind: 'REMOVED', text: 'two' },
      { kind: 'ADDED', text: '2' },
      { kind: 'SAME', text: ' three' },
    ])
    expect(diffs.diff({ a: 1 }, { a: 1 })).toEqual([{ kind: 'SAME', text: '{\n  "a": 1\n}' }])
    expect(diffs.diff('', '')).toEqual([])
    expect(diffs.diff('', 'new')).toEqual([{ kind: 'ADDED', text: 'new' }])
  })

  test('of texts with nothing in common is one replaced by the other', () => {
    const [before, after] = ['a\n'.repeat(50_000), 'b\n'.repeat(50_000)]
    expect(new OutputDiffs().diff(before, after)).toEqual([
      { kind: 'REMOVED', text: before },
      { kind: 'ADDED', text: after },
    ])
  })

  test('is only computed while the request has time left; equal texts stay equal', () => {
    stopLibraryClock()
    let now = 0
    const diffs = new OutputDiffs(() => (now += 50))
    const parts = () => diffs.diff('one two', 'one 2').length
    const replacedBy = [
      { kind: 'REMOVED', text: 'one two' },
      { kind: 'ADDED', text: 'one 2' },
    ]
    // Each takes 50 of the 250 ms.
    expect(Array.from({ length: 5 }, parts)).toEqual([3, 3, 3, 3, 3])
    expect(diffs.diff('one two', 'one 2')).toEqual(replacedBy)
    expect(diffs.diff('same', 'same')).toEqual([{ kind: 'SAME', text: 'same' }])
    expect(new OutputDiffs().diff('one two', 'one 2')).toHaveLength(3)
  })

  test('never blocks for long, however many are requested', () => {
    const diffs = new OutputDiffs()
    const worked = threadClock()
    for (let i = 0; i < 300; i++) diffs.diff(words(i + 2), words(i + 1_003))
    expect(worked()).toBeLessThan(100)
  })
})

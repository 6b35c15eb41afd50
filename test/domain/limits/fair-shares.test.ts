import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fairShares } from '../../../src/domain/limits/fair-shares.ts'

const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0)
const claims = fc.array(fc.nat(50), { maxLength: 12 })

test('no claimant gets more than it wants, and as much is assigned as is available and wanted', () => {
  fc.assert(
    fc.property(fc.nat(60), claims, fc.nat(100), (limit, wanted, turn) => {
      const shares = fairShares(limit, wanted, turn)
      expect(shares).toHaveLength(wanted.length)
      for (const [index, share] of shares.entries()) {
        expect(share).toBeGreaterThanOrEqual(0)
        expect(share).toBeLessThanOrEqual(wanted[index] ?? 0)
      }
      expect(sum(shares)).toBe(Math.min(limit, sum(wanted)))
    }),
  )
})

test('a claimant that gets less than it wants has at most one less than any other', () => {
  fc.assert(
    fc.property(fc.nat(60), claims, fc.nat(100), (limit, wanted, turn) => {
      const shares = fairShares(limit, wanted, turn)
      const most = Math.max(...shares, 0)
      for (const [index, share] of shares.entries()) {
        if (share < (wanted[index] ?? 0)) expect(share).toBeGreaterThanOrEqual(most - 1)
      }
    }),
  )
})

test('over as many turns as there are claimants, all that want more than their share get the same', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 9 }), fc.nat(100), (limit, count, from) => {
      const wanted = Array.from({ length: count }, () => 50)
      const turns = wanted.map((_, turn) => fairShares(limit, wanted, from + turn))
      const totals = wanted.map((_, index) => sum(turns.map((shares) => shares[index] ?? 0)))
      expect(new Set(totals).size).toBe(1)
    }),
  )
})

test('without a limit all claimants get what they want', () => {
  expect(fairShares(Infinity, [3, 0, 70], 1)).toEqual([3, 0, 70])
})

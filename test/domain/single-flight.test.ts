import { expect, test } from 'vitest'
import { SingleFlight } from '../../src/domain/single-flight.ts'

async function ticks(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await null
}

test('every request is followed by a complete run whenever it comes, and runs never overlap', async () => {
  const longest = 12
  for (let duration = 0; duration < 4; duration += 1) {
    for (let second = 0; second <= longest; second += 1) {
      for (let third = second; third <= longest; third += 1) {
        let started = 0
        let ended = 0
        const flight = new SingleFlight(async () => {
          expect(started).toBe(ended)
          started += 1
          await ticks(duration)
          ended += 1
        })
        const request = async (delay: number) => {
          await ticks(delay)
          const before = started
          await flight.run()
          expect(ended, `${duration} ${second} ${third}`).toBeGreaterThan(before)
        }
        await Promise.all([request(0), request(second), request(third)])
        await flight.settled()
        expect(flight.busy).toBe(false)
        expect(ended).toBeLessThanOrEqual(3)
        // Requests that come together are served together.
        if (second === 0 && third === 0) expect(ended).toBe(1)
      }
    }
  }
})

test('work that requests itself runs once more', async () => {
  let runs = 0
  const flight: SingleFlight = new SingleFlight(async () => {
    runs += 1
    if (runs === 1) void flight.run()
  })
  await flight.run()
  expect(runs).toBe(2)
})

test('a failed run does not block the next', async () => {
  let failing = true
  const flight = new SingleFlight(async () => {
    if (failing) throw new Error('away')
  })
  await expect(Promise.all([flight.run(), flight.run()])).rejects.toThrow('away')
  expect(flight.busy).toBe(false)
  failing = false
  await flight.run()
})

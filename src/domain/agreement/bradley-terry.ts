/**
 * The strengths of systems from which of two was better how often: Bradley and Terry (1952), by maximum likelihood, a tie as
 * half a win of both. Its errors are robust to comparisons that belong together, such as those of one item.
 */
import type { Interval } from '../statistics/interval.ts'
import { z95 } from '../statistics/normal.ts'

export interface PairedOutcome {
  /** Places of two different systems. */
  first: number
  second: number
  /** Of the first: 1 for a win, 0.5 for a tie, 0 for a loss. */
  outcome: number
  /** What belongs together; default: each comparison is on its own. */
  cluster?: number
}

export interface Strength {
  /** Logarithm of the odds against the first system, which has 0. */
  strength: number
  standardError: number
  interval: Interval
  /** The probability to be better than a system drawn from all others, as estimated. */
  winRate: number
}

const maxSteps = 100
const precision = 1e-10

/** Null when they cannot be told: some systems were never compared, however indirectly, or one has won or lost everything. */
export function bradleyTerry(outcomes: readonly PairedOutcome[], systems: number): Strength[] | null {
  if (systems < 2 || !areComparable(outcomes, systems)) return null
  const free = systems - 1
  const at = (system: number) => system - 1
  let strengths = new Array<number>(systems).fill(0)
  let information: number[][] = []
  for (let step = 0; step < maxSteps; step += 1) {
    const gradient = new Array<number>(free).fill(0)
    information = square(free)
    for (const { first, second, outcome } of outcomes) {
      const p = probability(strengths, first, second)
      addContrast(gradient, first, second, outcome - p)
      const weight = p * (1 - p)
      for (const [row, column, sign] of contrasts(first, second)) {
        if (row === 0 || column === 0) continue
        const cells = information[at(row)] as number[]
        cells[at(column)] = (cells[at(column)] ?? 0) + sign * weight
      }
    }
    const inverse = inverseOf(information)
    if (inverse === null) return null
    const move = product(inverse, gradient)
    strengths = strengths.map((strength, system) => strength + (system === 0 ? 0 : (move[at(system)] ?? 0)))
    if (Math.max(...move.map(Math.abs)) < precision) return described(strengths, outcomes, inverse)
  }
  return null
}

function described(
  strengths: readonly number[],
  outcomes: readonly PairedOutcome[],
  bread: readonly (readonly number[])[],
): Strength[] {
  const covariance = sandwich(strengths, outcomes, bread)
  return strengths.map((strength, system) => {
    const variance = system === 0 ? 0 : (covariance[system - 1]?.[system - 1] ?? 0)
    const standardError = Math.sqrt(Math.max(0, variance))
    const others = strengths.map((_, other) => other).filter((other) => other !== system)
    const winRate = others.reduce((sum, other) => sum + probability(strengths, system, other), 0) / others.length
    const interval = { low: strength - z95 * standardError, high: strength + z95 * standardError }
    return { strength, standardError, interval, winRate }
  })
}

/** Inverse information × covariance of the clusters' scores, with G / (G − 1), × inverse information. */
function sandwich(
  strengths: readonly number[],
  outcomes: readonly PairedOutcome[],
  bread: readonly (readonly number[])[],
): number[][] {
  const free = bread.length
  const scores = new Map<number | object, number[]>()
  for (const one of outcomes) {
    const { first, second, outcome, cluster = one } = one
    const score = scores.get(cluster) ?? new Array<number>(free).fill(0)
    addContrast(score, first, second, outcome - probability(strengths, first, second))
    scores.set(cluster, score)
  }
  const groups = scores.size
  const correction = groups > 1 ? groups / (groups - 1) : 1
  const meat = square(free)
  for (const score of scores.values()) {
    for (let row = 0; row < free; row += 1) {
      const cells = meat[row] as number[]
      for (let column = 0; column < free; column += 1) {
        cells[column] = (cells[column] ?? 0) + correction * (score[row] ?? 0) * (score[column] ?? 0)
      }
    }
  }
  const half = bread.map((_, row) =>
    bread.map((__, column) =>
      dot(
        bread[row] ?? [],
        meat.map((cells) => cells[column] ?? 0),
      ),
    ),
  )
  return half.map((cells) => bread.map((column) => dot(cells, column)))
}

function probability(strengths: readonly number[], first: number, second: number): number {
  return 1 / (1 + Math.exp((strengths[second] ?? 0) - (strengths[first] ?? 0)))
}

/** The first system is the reference, and has no place of its own. */
function addContrast(to: number[], first: number, second: number, value: number): void {
  if (first > 0) to[first - 1] = (to[first - 1] ?? 0) + value
  if (second > 0) to[second - 1] = (to[second - 1] ?? 0) - value
}

function contrasts(first: number, second: number): [row: number, column: number, sign: number][] {
  return [
    [first, first, 1],
    [second, second, 1],
    [first, second, -1],
    [second, first, -1],
  ]
}

/**
 * Whether every system reaches every other by wins or ties: exactly then there is a finite maximum (Ford, 1957).
 */
function areComparable(outcomes: readonly PairedOutcome[], systems: number): boolean {
  const beats = Array.from({ length: systems }, () => new Set<number>())
  for (const { first, second, outcome } of outcomes) {
    if (outcome > 0) beats[first]?.add(second)
    if (outcome < 1) beats[second]?.add(first)
  }
  const losesTo = beats.map(
    (_, system) => new Set(beats.flatMap((beaten, other) => (beaten.has(system) ? [other] : []))),
  )
  return reached(beats) === systems && reached(losesTo) === systems
}

function reached(next: readonly ReadonlySet<number>[]): number {
  const seen = new Set([0])
  for (const system of seen) for (const other of next[system] ?? []) seen.add(other)
  return seen.size
}

function square(size: number): number[][] {
  return Array.from({ length: size }, () => new Array<number>(size).fill(0))
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0)
}

function product(matrix: readonly (readonly number[])[], vector: readonly number[]): number[] {
  return matrix.map((row) => dot(row, vector))
}

/** By Gauss and Jordan, with pivots; null of a singular matrix. */
function inverseOf(matrix: readonly (readonly number[])[]): number[][] | null {
  const size = matrix.length
  const rows = matrix.map((row, index) => [...row, ...matrix.map((_, column) => Number(column === index))])
  for (let column = 0; column < size; column += 1) {
    let pivot = column
    for (let row = column; row < size; row += 1) {
      if (Math.abs(rows[row]?.[column] ?? 0) > Math.abs(rows[pivot]?.[column] ?? 0)) pivot = row
    }
    const [upper, lower] = [rows[column] as number[], rows[pivot] as number[]]
    rows[column] = lower
    rows[pivot] = upper
    const divisor = lower[column] ?? 0
    if (Math.abs(divisor) < 1e-12) return null
    rows[column] = lower.map((value) => value / divisor)
    for (let row = 0; row < size; row += 1) {
      const factor = rows[row]?.[column] ?? 0
      if (row === column || factor === 0) continue
      rows[row] = (rows[row] as number[]).map((value, index) => value - factor * (rows[column]?.[index] ?? 0))
    }
  }
  return rows.map((row) => row.slice(size))
}

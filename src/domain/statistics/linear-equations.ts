/**
 * x with A x = b, by Gaussian elimination with pivots.
 * @param matrix square and symmetric, positive definite
 * @returns null when the matrix is singular but for rounding
 */
export function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] | null {
  const rows = matrix.map((row, index) => [...row, right[index] as number])
  const size = rows.length
  const at = (row: number, column: number) => rows[row]?.[column] as number
  const largest = matrix.reduce((most, row, index) => Math.max(most, Math.abs(row[index] as number)), 0)
  for (let column = 0; column < size; column++) {
    let pivot = column
    for (let row = column + 1; row < size; row++) {
      if (Math.abs(at(row, column)) > Math.abs(at(pivot, column))) pivot = row
    }
    if (!(Math.abs(at(pivot, column)) > 1e-10 * largest)) return null
    ;[rows[column], rows[pivot]] = [rows[pivot] as number[], rows[column] as number[]]
    for (let row = column + 1; row < size; row++) {
      const factor = at(row, column) / at(column, column)
      for (let i = column; i <= size; i++) (rows[row] as number[])[i] = at(row, i) - factor * at(column, i)
    }
  }
  const result = new Array<number>(size).fill(0)
  for (let row = size - 1; row >= 0; row--) {
    let rest = at(row, size)
    for (let i = row + 1; i < size; i++) rest -= at(row, i) * (result[i] as number)
    result[row] = rest / at(row, row)
  }
  return result
}

/** The lower triangle L with L L′ = the matrix, which is positive semidefinite. */
export function choleskyFactor(matrix: readonly (readonly number[])[]): number[][] {
  const factor = matrix.map((row) => row.map(() => 0))
  for (const [i, row] of matrix.entries()) {
    const own = factor[i] as number[]
    for (let j = 0; j <= i; j++) {
      const other = factor[j] as number[]
      let rest = row[j] as number
      for (let k = 0; k < j; k++) rest -= (own[k] as number) * (other[k] as number)
      const pivot = other[j] as number
      own[j] = i === j ? Math.sqrt(Math.max(0, rest)) : pivot > 0 ? rest / pivot : 0
    }
  }
  return factor
}

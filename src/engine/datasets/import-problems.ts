import { InvalidInputError } from '../../domain/errors.ts'

/** A problem in an imported file. */
export interface ImportProblem {
  /** From 1; null for the whole file. */
  line: number | null
  /** Position in the line from 1, or the name of the column or field; null for the whole line. */
  column: number | string | null
  expected: string
  got: string
}

/** Maximum number of listed problems; further ones are only counted. */
export const maxListedProblems = 20

/** A file that cannot be imported; nothing was stored. */
export class ImportError extends InvalidInputError {
  /** The first problems, in file order. */
  readonly problems: readonly ImportProblem[]
  readonly total: number

  constructor(problems: readonly ImportProblem[], total: number) {
    const lines = problems.map(describe)
    if (total > problems.length) lines.push(`and ${total - problems.length} more`)
    super(`Nothing was imported, because of ${total === 1 ? 'this' : `${total} problems`}:\n${lines.join('\n')}`, [
      'file',
    ])
    this.problems = problems
    this.total = total
  }
}

function describe({ line, column, expected, got }: ImportProblem): string {
  const place = [
    ...(line === null ? [] : [`line ${line}`]),
    ...(column === null ? [] : [typeof column === 'number' ? `column ${column}` : column]),
  ].join(', ')
  return `${place || 'file'}: expected ${expected}, got ${got}`
}

/** Collects the problems of a file while it is read to its end. */
export class Problems {
  readonly #listed: ImportProblem[] = []
  #total = 0

  get total(): number {
    return this.#total
  }

  /** The first of them, in the order in which they were found. */
  get listed(): readonly ImportProblem[] {
    return this.#listed
  }

  add(problem: ImportProblem): void {
    this.#total += 1
    if (this.#listed.length < maxListedProblems) this.#listed.push(problem)
  }

  /** @param unlisted further problems that were only counted */
  throwIfAny(unlisted = 0): void {
    if (this.#total === 0) return
    const inOrder = this.#listed.toSorted((a, b) => (a.line ?? Infinity) - (b.line ?? Infinity))
    throw new ImportError(inOrder, this.#total + unlisted)
  }
}

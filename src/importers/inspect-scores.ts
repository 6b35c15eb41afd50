/** Scores of Inspect: a letter, a number, a text, or several of them by name; each name gets one type for the whole log. */
import { type ImportedScore, isObject, type Left, type Members, numberOf, objectOf, textOf } from './results.ts'

/** As Inspect counts them in its accuracy. */
const grades = new Map(Object.entries({ C: 1, I: 0, P: 0.5, N: 0 }))
const words = new Map(Object.entries({ yes: 1, true: 1, no: 0, false: 0 }))

interface Given {
  sample: number
  name: string
  value: unknown
  comment: string | null
  metadata: Members
}

/** @returns the scores of each sample, in their order */
export function scoresOfSamples(samples: readonly Members[], left: Left): ImportedScore[][] {
  const given = samples.flatMap((sample, index) => givenScores(sample, index, left))
  const kinds = new Map<string, 'BOOLEAN' | 'NUMERIC' | 'TEXT'>()
  for (const [name, scores] of Map.groupBy(given, (score) => score.name))
    kinds.set(name, kindOf(scores.map(({ value }) => value)))
  const lists: ImportedScore[][] = samples.map(() => [])
  for (const { sample, name, value, comment, metadata } of given) {
    lists[sample]?.push({
      name,
      value: valueAs(kinds.get(name) ?? 'TEXT', value),
      ...(comment !== null && { comment }),
      ...(Object.keys(metadata).length > 0 && { metadata }),
    })
  }
  return lists
}

function givenScores(sample: Members, index: number, left: Left): Given[] {
  const scores = objectOf(sample.scores ?? (isObject(sample.score) ? { score: sample.score } : {}))
  const named = Object.entries(scores)
  if (named.length > 0 && sample.error != null) {
    left.add('the score of a sample that failed', named.length)
    return []
  }
  return named.flatMap(([scorer, given]) => {
    const { value, explanation, answer, metadata } = objectOf(given)
    const about = {
      sample: index,
      comment: textOf(explanation),
      metadata: { ...(answer != null && { answer }), ...(isObject(metadata) ? metadata : {}) },
    }
    const parts: [string, unknown][] = isObject(value)
      ? Object.entries(value).map(([name, part]) => [`${scorer}.${name}`, part])
      : Array.isArray(value)
        ? value.map((part, place) => [`${scorer}.${place}`, part])
        : [[scorer, value]]
    return parts.flatMap(([name, part]) => {
      // NaN, which says that it is not scored.
      if (part === null || part === undefined) return []
      return [{ ...about, name, value: part }]
    })
  })
}

function kindOf(values: readonly unknown[]): 'BOOLEAN' | 'NUMERIC' | 'TEXT' {
  if (values.every((value) => typeof value === 'boolean' || value === 'C' || value === 'I')) return 'BOOLEAN'
  return values.every((value) => asNumber(value) !== null) ? 'NUMERIC' : 'TEXT'
}

function asNumber(value: unknown): number | null {
  if (typeof value === 'boolean') return Number(value)
  if (typeof value !== 'string') return numberOf(value)
  const known = grades.get(value) ?? words.get(value.toLowerCase())
  if (known !== undefined) return known
  return value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : null
}

function valueAs(kind: 'BOOLEAN' | 'NUMERIC' | 'TEXT', value: unknown): number | boolean | string {
  if (kind === 'BOOLEAN') return value === true || value === 'C'
  if (kind === 'NUMERIC') return asNumber(value) as number
  return typeof value === 'string' ? value : JSON.stringify(value)
}

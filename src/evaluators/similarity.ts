/** How alike output and expected output are in meaning: the cosine of the angle between their embeddings, −1 to 1. */
import * as z from 'zod'
import type { Evaluate, EvaluationInput, SimilarityEvaluatorSpec } from '../domain/evaluation.ts'
import { name, parseInput, text } from '../domain/parse-input.ts'
import { openEmbeddingModel } from '../models/open-model.ts'
import { providerFetch } from '../models/provider-fetch.ts'
import type { JudgeParts } from './judge/ask-judge.ts'
import { textOf } from './reading.ts'
import { requireLight, selection, selectionOf } from './selection.ts'

const schema = z.strictObject({
  kind: z.literal('similarity'),
  provider: name,
  model: text.min(1).max(200),
  ...selection,
})

/** @throws {InvalidInputError} */
export function parseSimilarity(input: unknown, path: readonly string[]): SimilarityEvaluatorSpec {
  const spec = parseInput(schema, input, path)
  requireLight(spec, path)
  selectionOf(spec, path)
  return spec
}

export function createSimilarity(spec: SimilarityEvaluatorSpec, scoreName: string, parts: JudgeParts): Evaluate {
  const select = selectionOf(spec, ['definition', 'similarity'])
  const fetch = providerFetch(parts.http.dispatcher)
  const score = { name: scoreName, dataType: 'NUMERIC' as const, label: null }
  return async (item: EvaluationInput, { signal }) => {
    const selected = select(item)
    if (selected === null) return []
    const { output, expected } = selected
    if (output === undefined) {
      const comment = `The output has nothing at ${spec.outputPath}.`
      return [{ ...score, value: 0, comment, metadata: null, costUsd: null }]
    }
    const access = await parts.connect(spec.provider)
    const model = await openEmbeddingModel(access, spec.model, fetch)
    // Not before it is needed: a server checks evaluators, and calls none.
    const { embedTexts } = await import('../models/embed.ts')
    const { vectors, spent } = await embedTexts(
      { access, model, prices: parts.prices },
      [textOf(output), textOf(expected)],
      signal,
    )
    const value = cosine(vectors[0] ?? [], vectors[1] ?? [])
    const metadata = { model: spec.model, inputTokens: spent.inputTokens }
    return [{ ...score, value, comment: null, metadata, costUsd: spent.costUsd }]
  }
}

/** @throws {Error} a vector without a direction */
function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, n) => sum + value * (y[n] ?? 0), 0)
  const length = Math.sqrt(dot(a, a) * dot(b, b))
  if (!(length > 0)) throw new Error('Expected embeddings with a length above 0, got one of 0.')
  return Math.max(-1, Math.min(1, dot(a, b) / length))
}

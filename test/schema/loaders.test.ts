import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLoaders } from '../../schema/loaders.ts'
import { createTestEngine, type TestEngine } from '../helpers/engine.ts'

let t: TestEngine

beforeAll(async () => {
  t = await createTestEngine()
})
afterAll(() => t[Symbol.asyncDispose]())

test.for(['currentVersion', 'experimentEvaluators', 'evaluatorDatasets', 'runScores', 'scoreLabels'] as const)(
  '%s takes more ids than a statement has parameters',
  async (name) => {
    const ids = Array.from({ length: 33_000 }, () => crypto.randomUUID())
    const loaded = await createLoaders(t.db, t.scope)[name].loadMany(ids)
    expect(new Set(loaded.map((rows) => JSON.stringify(rows)))).toEqual(
      new Set([name === 'currentVersion' ? 'null' : '[]']),
    )
  },
)

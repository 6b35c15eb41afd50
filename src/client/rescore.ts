import { found, payloadOf } from './answers.ts'
import type { RunPartsFragment } from './gql/graphql.ts'
import { FindEvaluatorId, RescoreRun } from './operations/run.ts'
import type { Transport } from './transport.ts'

export interface RescoreOptions {
  /** Names of evaluators of the server; default: all that are active for the dataset of each run. */
  evaluators?: readonly string[]
  /** For each run: end when the evaluators have cost this. Default: no limit besides that of the run. */
  budgetUsd?: number
}

/** @throws {RefusedError} CONFLICT: a run is unfinished, or is being scored again; NOT_FOUND: a run or evaluator */
export async function rescore(
  transport: Transport,
  runIds: readonly string[],
  { evaluators, budgetUsd }: RescoreOptions,
): Promise<readonly RunPartsFragment[]> {
  const evaluatorIds: string[] = []
  for (const name of evaluators ?? []) {
    const { evaluator } = await transport.request(FindEvaluatorId, { name })
    evaluatorIds.push(found(evaluator, `evaluator named "${name}"`).id)
  }
  const { rescoreRuns } = await transport.request(RescoreRun, {
    input: {
      runIds: [...runIds],
      ...(evaluators && { evaluatorIds }),
      ...(budgetUsd !== undefined && { budgetUsd }),
    },
  })
  return payloadOf(rescoreRuns).runs
}

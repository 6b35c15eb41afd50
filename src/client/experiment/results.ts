import type { ClientResultInput, RunStatus } from '../gql/graphql.ts'
import type { Evaluation, ItemResult } from './types.ts'

/** What came of an experiment, as plain data. */
export interface RunResults {
  experimentName: string
  runName: string
  status: RunStatus
  experimentId?: string
  runId?: string
  runUrl?: string
  datasetId?: string
  datasetRunId?: string
  datasetRunUrl?: string
  itemResults: ItemResult[]
  runEvaluations: Evaluation[]
  runEvaluatorErrors: { name: string; message: string }[]
}

/** The result of one attempt as it is recorded, without what says which. */
export type AttemptResult = Omit<ClientResultInput, 'runItemId' | 'attempt'>

/** The results of a run so far, by dataset item and repetition. */
export type Results = Map<string, ItemResult>

export function resultKey({ datasetItemId, repetition }: { datasetItemId: string; repetition: number }): string {
  return `${datasetItemId}:${repetition}`
}

/** The dataset item of a key. */
export function itemOfKey(key: string): string {
  return key.slice(0, key.lastIndexOf(':'))
}

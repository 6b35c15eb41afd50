import type { CreateEvaluatorInput, GateInput, RunSettingsInput, RunSubsetInput, TaskInput } from './cli/gql/graphql.ts'

/** Columns of a file by name or dotted path; several make an object. */
type Columns = string | string[]

/** What an experiment file says; `schema/experiment-file.json` is the same for YAML. */
export interface ExperimentFile {
  /** Where the JSON Schema is, for editors. */
  $schema?: string
  /** Unique on its dataset. */
  name: string
  description?: string
  metadata?: unknown
  /** Its name, or an object that also says where its items come from. */
  dataset:
    | string
    | {
        name: string
        /** From the folder of the experiment file; imported before every run. */
        file?: string
        items?: { input: unknown; expectedOutput?: unknown; key?: string; tags?: string[]; metadata?: unknown }[]
        input?: Columns
        expected?: Columns
        key?: Columns
        tags?: Columns
        metadata?: Columns
        json?: Columns
      }
  task: TaskInput
  /** Names, or definitions, which are created or changed. Default: all that are active. */
  evaluators?: (string | Omit<CreateEvaluatorInput, 'active' | 'datasetIds'>)[]
  settings?: RunSettingsInput
  subset?: Omit<RunSubsetInput, 'itemIds'>
  /** Rules such as `correct >= 0.9`, or the gate of the API. */
  gate?: string[] | GateInput
  /** The run to compare with: an id, an exact name, `latest`, or `approved`. */
  baseline?: string
}

/**
 * Types an experiment file in TypeScript, for `assay run my-experiment.ts`.
 *
 *     export default defineExperiment({ name: 'shouting', dataset: 'questions', task: { module: { name: 'shout' } } })
 */
export function defineExperiment(experiment: ExperimentFile): ExperimentFile {
  return experiment
}

/** Everything that the task of an experiment says. */
import { graphql } from '../../gql/gql.ts'
import type { ExperimentTaskFragment } from '../../gql/graphql.ts'
import { describeTask } from './task-summary.ts'

export const experimentTaskFragment = graphql(`
  fragment ExperimentTask on Task {
    ...TaskSummary
    ... on HttpTask { headers body outputPath costPath inputTokensPath outputTokensPath }
  }
`)

/** What is left at its default is not listed. */
export function experimentTask(task: ExperimentTaskFragment): { label: string; value: unknown }[] {
  const facts = [{ label: 'Task', value: describeTask(task) as unknown }]
  if (task.__typename !== 'HttpTask') return facts
  const { headers, body, outputPath, costPath, inputTokensPath, outputTokensPath } = task
  const optional = [
    { label: 'Headers', value: Object.keys(headers as object).length > 0 ? headers : null },
    { label: 'Body', value: body },
    { label: 'Output at', value: outputPath },
    { label: 'Cost at', value: costPath },
    { label: 'Input tokens at', value: inputTokensPath },
    { label: 'Output tokens at', value: outputTokensPath },
  ]
  return [...facts, ...optional.filter(({ value }) => value !== null)]
}

/** Everything that the task of an experiment says. */
import { graphql } from '../../gql/gql.ts'
import type { ExperimentTaskFragment } from '../../gql/graphql.ts'
import { describeTask } from './task-summary.ts'

export const experimentTaskFragment = graphql(`
  fragment ExperimentTask on Task {
    ...TaskSummary
    ... on HttpTask { headers body outputPath costPath inputTokensPath outputTokensPath }
    ... on PromptTask {
      parameters { ...ParameterParts }
      stream
      firstTokenTimeoutMs
      nextTokenTimeoutMs
      prompt { name label version prompt { id name } content { ...PromptContentParts } }
    }
  }
`)

/** What is left at its default is not listed; the content of a prompt is shown by itself. */
export function experimentTask(task: ExperimentTaskFragment): { label: string; value: unknown }[] {
  const facts = [{ label: 'Task', value: describeTask(task) as unknown }]
  if (task.__typename === 'PromptTask') {
    const { parameters, stream } = task
    const own = Object.entries(parameters).filter(([name, value]) => name !== '__typename' && value !== null)
    const optional = [
      { label: 'Parameters', value: own.length > 0 ? Object.fromEntries(own) : null },
      { label: 'Streamed', value: stream ? null : 'no' },
    ]
    return [...facts, ...optional.filter(({ value }) => value !== null)]
  }
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

/** What an experiment executes, in a few words. */
import { graphql } from '../../gql/gql.ts'
import type { TaskSummaryFragment } from '../../gql/graphql.ts'

export const taskSummary = graphql(`
  fragment TaskSummary on Task {
    __typename
    ... on HttpTask { url method }
    ... on ModuleTask { name }
    ... on PromptTask { provider model }
    ... on ClientTask { name }
    ... on EchoTask { outputPath }
  }
`)

export function describeTask(task: TaskSummaryFragment): string {
  switch (task.__typename) {
    case 'HttpTask':
      return `${task.method} ${task.url}`
    case 'PromptTask':
      return `${task.model} of ${task.provider}`
    case 'ModuleTask':
      return `The function ${task.name}`
    case 'ClientTask':
      return `The function ${task.name} of clients`
    case 'EchoTask':
      return task.outputPath === null ? 'The input, as it is' : `${task.outputPath} of the item`
    default:
      // A kind that is newer than these pages.
      return (task as { __typename: string }).__typename.replace(/Task$/, '').toLowerCase()
  }
}

/** Whether the form for a new experiment has all of such a task. */
export function isOfForm({ __typename }: { __typename: string }): boolean {
  return __typename === 'HttpTask' || __typename === 'ModuleTask' || __typename === 'PromptTask'
}

/** `assay cancel`, `resume`, `retry`, `retry-scores` and `approve`: what can be done with a run. */
import { Command } from 'commander'
import { CliError } from './cli-error.ts'
import { type FoundRun, findRun, runReferences } from './find-run.ts'
import { graphql } from './gql/gql.ts'
import type { GraphQLClient } from './graphql-client.ts'
import { jsonOption, oneLine, printJson, printLine } from './output.ts'
import { type ServerOptions, withServer, withServerOptions } from './with-server.ts'

const CancelRun = graphql(/* GraphQL */ `
  mutation CancelRun($id: ID!) {
    cancelRun(input: { id: $id }) {
      __typename
      ... on CancelRunPayload { run { ...FoundRun } }
      ... on UserError { message }
    }
  }
`)

const ResumeRun = graphql(/* GraphQL */ `
  mutation ResumeRun($id: ID!) {
    resumeRun(input: { id: $id }) {
      __typename
      ... on ResumeRunPayload { run { ...FoundRun } }
      ... on UserError { message }
    }
  }
`)

const RetryFailedItems = graphql(/* GraphQL */ `
  mutation RetryFailedItems($id: ID!) {
    retryFailedItems(input: { id: $id }) {
      __typename
      ... on RetryFailedItemsPayload { run { ...FoundRun } }
      ... on UserError { message }
    }
  }
`)

const RetryFailedScores = graphql(/* GraphQL */ `
  mutation RetryFailedScores($id: ID!) {
    retryFailedScores(input: { id: $id }) {
      __typename
      ... on RetryFailedScoresPayload { run { ...FoundRun } }
      ... on UserError { message }
    }
  }
`)

const ApproveRun = graphql(/* GraphQL */ `
  mutation ApproveRun($id: ID!) {
    approveBaseline(input: { runId: $id }) {
      __typename
      ... on ApproveBaselinePayload { dataset { baseline { run { ...FoundRun } } } }
      ... on UserError { message }
    }
  }
`)

interface Action {
  description: string
  help: string
  /** @returns the run, or why it was refused */
  act(client: GraphQLClient, id: string): Promise<FoundRun | string>
  done(run: FoundRun): string
}

const actions: Record<string, Action> = {
  cancel: {
    description: 'End a run and keep its results.',
    help: 'Calls in flight are aborted; `assay resume` executes the rest.',
    async act(client, id) {
      const { cancelRun: result } = await client.request(CancelRun, { id })
      return result.__typename === 'CancelRunPayload' ? result.run : result.message
    },
    done: ({ name, status }) => `"${name}" is ${status}.`,
  },
  resume: {
    description: 'Continue a cancelled or stopped run with its unfinished items.',
    help: 'What has finished stays as it is.',
    async act(client, id) {
      const { resumeRun: result } = await client.request(ResumeRun, { id })
      return result.__typename === 'ResumeRunPayload' ? result.run : result.message
    },
    done: ({ name, id }) => `"${name}" continues: assay watch ${id}`,
  },
  retry: {
    description: 'Execute the failed items of a finished run again.',
    help: 'What succeeded stays as it is.',
    async act(client, id) {
      const { retryFailedItems: result } = await client.request(RetryFailedItems, { id })
      return result.__typename === 'RetryFailedItemsPayload' ? result.run : result.message
    },
    done: ({ name, id }) => `The failed items of "${name}" are executed again: assay watch ${id}`,
  },
  'retry-scores': {
    description: 'Call the evaluators of a finished run again where they failed.',
    help: 'No task is called: the stored outputs are scored.',
    async act(client, id) {
      const { retryFailedScores: result } = await client.request(RetryFailedScores, { id })
      return result.__typename === 'RetryFailedScoresPayload' ? result.run : result.message
    },
    done: ({ name, id }) => `The failed scores of "${name}" are retried: assay watch ${id}`,
  },
  approve: {
    description: 'Make a run the baseline of its dataset.',
    help: 'Later runs are compared with it by default, in gates too.',
    async act(client, id) {
      const { approveBaseline: result } = await client.request(ApproveRun, { id })
      if (result.__typename !== 'ApproveBaselinePayload') return result.message
      return result.dataset.baseline?.run ?? 'The baseline was removed meanwhile.'
    },
    done: ({ name }) => `"${name}" is the baseline of its dataset.`,
  },
}

export function controlCommands(): Command[] {
  return Object.entries(actions).map(([name, { description, help, act, done }]) =>
    withServerOptions(new Command(name).description(description).argument('<run>', 'the run'))
      .addOption(jsonOption())
      .addHelpText('after', `${runReferences}\n${help}\n\nExample:\n  $ assay ${name} latest`)
      .action((reference: string, options: ServerOptions & { json: boolean }) =>
        withServer(options, async ({ client }) => {
          const { id } = await findRun(client, reference)
          const run = await act(client, id)
          if (typeof run === 'string') throw new CliError(run)
          if (options.json) printJson(run)
          else printLine(oneLine(done(run)))
        }),
      ),
  )
}

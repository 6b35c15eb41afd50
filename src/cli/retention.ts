/** `assay retention`: what a project keeps. */
import { Command } from 'commander'
import { CliError } from './cli-error.ts'
import { graphql } from './gql/gql.ts'
import { jsonOption, printJson, printLine } from './output.ts'
import { wholeNumberOr } from './whole-number.ts'
import { type ServerOptions, withServer, withServerOptions } from './with-server.ts'

const Retention = graphql(/* GraphQL */ `
  query Retention {
    viewer { project { name keepRuns keepOutputDays } }
  }
`)

const SetRetention = graphql(/* GraphQL */ `
  mutation SetRetention($input: SetRetentionInput!) {
    setRetention(input: $input) {
      __typename
      ... on SetRetentionPayload { project { name keepRuns keepOutputDays } }
      ... on UserError { message }
    }
  }
`)

interface Rules {
  keepRuns: number | null
  keepOutputDays: number | null
}

/** Of what is not given: as it is. */
type Options = ServerOptions & Partial<Record<keyof Rules, number | 'all'>> & { json: boolean }

export function retentionCommand(): Command {
  return withServerOptions(
    new Command('retention').description('Show or set what a project keeps.').addHelpText(
      'after',
      `
Without an option that sets something it shows the rules. They are applied in the background, within the hour. Baselines of
datasets and unfinished runs stay as they are.

Examples:
  $ assay retention
  $ assay retention --keep-runs 50 --keep-output-days 90
  $ assay retention --keep-runs all`,
    ),
  )
    .option(
      '--keep-runs <n>',
      'delete all but the newest finished runs of each experiment; "all": none',
      wholeNumberOr('all', 1, 1_000_000),
    )
    .option(
      '--keep-output-days <n>',
      'remove outputs so many days after the end of their run, scores stay; "all": none',
      wholeNumberOr('all', 1, 36_500),
    )
    .addOption(jsonOption())
    .action(({ keepRuns, keepOutputDays, json, ...options }: Options) =>
      withServer(options, async ({ client }) => {
        const { project: present } = (await client.request(Retention, {})).viewer
        if (keepRuns === undefined && keepOutputDays === undefined) return print(present, json)
        const rule = (given: number | 'all' | undefined, now: number | null) =>
          given === 'all' ? null : (given ?? now)
        const input = {
          keepRuns: rule(keepRuns, present.keepRuns),
          keepOutputDays: rule(keepOutputDays, present.keepOutputDays),
        }
        const { setRetention: result } = await client.request(SetRetention, { input })
        if (result.__typename !== 'SetRetentionPayload') throw new CliError(result.message)
        print(result.project, json)
      }),
    )
}

function print({ name, keepRuns, keepOutputDays }: Rules & { name: string }, json: boolean): void {
  const runs = keepRuns === null ? 'all runs' : `the newest ${keepRuns} finished runs of each experiment`
  const outputs = keepOutputDays === null ? 'outputs as long as their runs' : `outputs for ${keepOutputDays} days`
  if (json) printJson({ project: name, keepRuns, keepOutputDays })
  else printLine(`"${name}" keeps ${runs}, and ${outputs}.`)
}

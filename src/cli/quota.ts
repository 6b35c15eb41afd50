/** `assay quota`: what a project may have at most, and how much it has. */
import { Command } from 'commander'
import { CliError } from './cli-error.ts'
import { graphql } from './gql/gql.ts'
import type { SetProjectQuotaInput } from './gql/graphql.ts'
import type { GraphQLClient } from './graphql-client.ts'
import { jsonOption, listOf, printJson, printLine } from './output.ts'
import { wholeNumberOr } from './whole-number.ts'
import { type ServerOptions, withServer, withServerOptions } from './with-server.ts'

const QuotaOfProject = graphql(/* GraphQL */ `
  query QuotaOfProject {
    viewer {
      project {
        name
        quota { runItems storageMb concurrentCalls subscriptions }
        usage { runItems storageMb concurrentCalls }
      }
    }
  }
`)

const SetQuota = graphql(/* GraphQL */ `
  mutation SetQuota($input: SetProjectQuotaInput!) {
    setProjectQuota(input: $input) {
      __typename
      ... on UserError { message }
    }
  }
`)

/** Null: any number. */
type Quotas = Required<Record<keyof SetProjectQuotaInput, number | null>>

type Given = Partial<Record<keyof Quotas, number | 'none'>>

interface QuotaOptions extends ServerOptions, Given {
  json: boolean
}

export function quotaCommand(): Command {
  const quota = wholeNumberOr('none', 0, 2 ** 31 - 1)
  const command = new Command('quota')
    .description(
      'Show what a project may have at most, and how much it has; change it as an ADMIN of the installation.',
    )
    .option('--run-items <number>', 'items of all its runs together', quota)
    .option('--storage-mb <number>', 'MB of items, outputs, scores and files', quota)
    .option('--concurrent-calls <number>', 'calls of tasks and evaluators by workers at once', quota)
    .option('--subscriptions <number>', 'subscriptions at once, on each server', quota)
  return withServerOptions(command)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
A quota is a whole number, or none. Those that are not named stay as they are.

Examples:
  $ assay quota
  $ assay quota --project checkout --run-items 2000000 --storage-mb 20000
  $ assay quota --project checkout --concurrent-calls none`,
    )
    .action(({ runItems, storageMb, concurrentCalls, subscriptions, ...options }: QuotaOptions) =>
      withServer(options, async ({ client }) => {
        const given = { runItems, storageMb, concurrentCalls, subscriptions }
        if (Object.values(given).some((value) => value !== undefined)) await change(client, given)
        const { name, quota, usage } = (await client.request(QuotaOfProject, {})).viewer.project
        if (options.json) return printJson({ project: name, quota, usage })
        const rows: [what: string, used: number | null, most: number | null][] = [
          ['items of runs', usage.runItems, quota.runItems],
          ['storage in MB', usage.storageMb && Math.ceil(usage.storageMb), quota.storageMb],
          ['concurrent calls', usage.concurrentCalls, quota.concurrentCalls],
          ['subscriptions on each server', null, quota.subscriptions],
        ]
        const cells = rows.map(([what, used, most]) => [what, String(used ?? '-'), String(most ?? 'any')])
        printLine(listOf([name, 'now', 'at most'], cells))
      }),
    )
}

async function change(client: GraphQLClient, given: Given): Promise<void> {
  const { runItems, storageMb, concurrentCalls, subscriptions } = (await client.request(QuotaOfProject, {})).viewer
    .project.quota
  const input: Partial<Quotas> = { runItems, storageMb, concurrentCalls, subscriptions }
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) input[name as keyof Quotas] = value === 'none' ? null : value
  }
  const { setProjectQuota: result } = await client.request(SetQuota, { input })
  if (result.__typename !== 'SetProjectQuotaPayload') throw new CliError(result.message)
}

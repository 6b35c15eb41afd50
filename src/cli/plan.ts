/** `assay plan`: how many items and repetitions a run needs, before it is paid for. */
import { Command, InvalidArgumentError, Option } from 'commander'
import { CliError, UsageError } from './cli-error.ts'
import { findBaseline, findRun, runReferences } from './find-run.ts'
import { metricOf } from './gate-rules.ts'
import { graphql } from './gql/gql.ts'
import type { PlanGoalInput, PlanRunQuery } from './gql/graphql.ts'
import { jsonOption, oneLine, printJson, printLine } from './output.ts'
import { count, dollars } from './report/figures.ts'
import { type ServerOptions, withServer, withServerOptions } from './with-server.ts'

const PlanRun = graphql(/* GraphQL */ `
  query PlanRun($runId: ID!, $baselineId: ID, $metric: MetricInput!, $goal: PlanGoalInput!, $power: Float) {
    planRun(runId: $runId, baselineId: $baselineId, metric: $metric, goal: $goal, power: $power) {
      run { id name }
      baseline { id name }
      goal { effect margin }
      power
      pairs
      split { items repetitions }
      designEffect
      datasetItems
      reached
      options { repetitions items executions costUsd isAvailable }
      recommended { repetitions items executions costUsd expectedStop }
    }
  }
`)

type Plan = NonNullable<PlanRunQuery['planRun']>

interface PlanOptions extends ServerOptions {
  metric: string
  effect?: number
  margin?: number
  power: number
  baseline?: string
  json: boolean
}

function positive(text: string): number {
  const number = text.trim() === '' ? Number.NaN : Number(text)
  if (number > 0 && Number.isFinite(number)) return number
  throw new InvalidArgumentError(`Expected a number above 0, got "${text}".`)
}

export function planCommand(): Command {
  const command = new Command('plan')
    .description('Say how many items and repetitions a run needs, and what it costs.')
    .argument('<run>', 'a finished run that the planned one will be like')
    .addOption(
      new Option('--metric <name>', 'what is decided by: a score, latency, cost or failed').makeOptionMandatory(),
    )
    .addOption(new Option('--effect <size>', 'the smallest difference worth showing').argParser(positive))
    .addOption(new Option('--margin <size>', 'the largest loss that is acceptable').argParser(positive))
    .addOption(new Option('--power <share>', 'the probability of showing it').argParser(positive).default(0.8))
    .addOption(
      new Option('--baseline <run>', 'measure differences with this run (default: the approved one, if there is one)'),
    )
  return withServerOptions(command)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `${runReferences}

Examples:
  $ assay plan latest --metric correct --effect 0.05
  $ assay plan latest --metric correct --margin 0.02 --baseline approved`,
    )
    .action((reference: string, options: PlanOptions) => plan(reference, options))
}

async function plan(reference: string, { metric, effect, margin, power, baseline, json, ...server }: PlanOptions) {
  const goal = goalOf(effect, margin)
  await withServer(server, async ({ client }) => {
    const run = await findRun(client, reference)
    const other = baseline === undefined ? null : await findBaseline(client, baseline, run.id)
    const variables = { runId: run.id, baselineId: other?.id, metric: metricOf(metric), goal, power }
    const { planRun } = await client.request(PlanRun, variables)
    if (!planRun) throw new CliError('The run cannot be planned from.')
    if (json) printJson(planRun)
    else for (const line of linesOf(planRun, metric)) printLine(line)
  })
}

function goalOf(effect: number | undefined, margin: number | undefined): PlanGoalInput {
  if (effect !== undefined && margin === undefined) return { effect }
  if (margin !== undefined && effect === undefined) return { margin }
  throw new UsageError('Expected exactly one of --effect and --margin.')
}

function linesOf(plan: Plan, metric: string): string[] {
  const { run, baseline, goal, power, pairs, split, designEffect, datasetItems, options, recommended } = plan
  const goalSaid =
    goal.effect == null ? `That a loss of more than ${goal.margin} is ruled out` : `A difference of ${goal.effect}`
  const source = baseline
    ? `${oneLine(run.name)} and ${oneLine(baseline.name)}`
    : `${oneLine(run.name)} alone, which is a guess: name a second run with --baseline`
  const head = [
    `${goalSaid} in ${oneLine(metric)} is shown with a probability of ${(100 * power).toFixed(0)} %, if it is there:`,
    ...options.map((option) => {
      const cost = option.costUsd == null ? 'cost unknown' : `about ${dollars(option.costUsd)}`
      const enough = option.isAvailable ? '' : `; the dataset has ${datasetItems.toLocaleString('en-US')}`
      return `  ${count(option.items, 'item')} × ${count(option.repetitions, 'repetition')}: ${count(option.executions, 'execution')}, ${cost}${enough}`
    }),
    ...(options.length === 0 ? ['  no number of items would'] : []),
  ]
  const stop = recommended?.expectedStop
  const reached =
    plan.reached == null
      ? []
      : [`All ${count(datasetItems, 'item')} as executed before would show ${Number(plan.reached.toPrecision(2))}.`]
  return [
    ...head,
    ...(recommended
      ? [`Fewest executions: ${count(recommended.items, 'item')} × ${count(recommended.repetitions, 'repetition')}.`]
      : reached),
    ...(stop == null
      ? []
      : [`With an early stop on these items it is expected to end after ${count(Math.ceil(stop), 'execution')}.`]),
    split == null
      ? 'Whether repetitions would help is not known: neither run has any.'
      : `${shareOf(split)} % of the noise of an item asked once is in the answers, which repetitions reduce; the rest only more items do.`,
    ...(designEffect > 1.05 ? [`Items that belong together make it ${designEffect.toFixed(1)} times as many.`] : []),
    `From ${count(pairs, 'item')} of ${source}.`,
  ]
}

function shareOf({ items, repetitions }: NonNullable<Plan['split']>): string {
  const all = items + repetitions
  return all === 0 ? '0' : ((100 * repetitions) / all).toFixed(0)
}

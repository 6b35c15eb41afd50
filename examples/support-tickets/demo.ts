/**
 * `npm run demo`: an experiment from scratch. Starts a server, imports the tickets, runs both versions of the
 * classifier concurrently, shows the results and where they differ, and keeps serving the dashboard. It talks to the
 * server over HTTP and WebSocket only, as any other program would.
 *
 *   --exit        exit after the results
 *   --port N      default 4000, or a free port if that is taken
 *   --data-dir    default .assay/demo; another demo adds runs to the existing ones
 *   --pace MS     delay every call and make one at a time, to watch; latencies include the delay. Default: 40 in a
 *                 terminal, where somebody watches, else 0
 *   --model NAME  compare two prompts on a model instead; its key is in OPENAI_API_KEY or ANTHROPIC_API_KEY, or
 *                 OLLAMA_URL says where it is served
 *   --tickets N   with --model: on how many of the tickets, default 100
 */
import { createReadStream } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type AssayProcess, startProcess } from '../../src/cli/assay-process.ts'
import { CliError, explain } from '../../src/cli/cli-error.ts'
import type { RunItemState } from '../../src/cli/follow-run.ts'
import { GraphQLClient } from '../../src/cli/graphql-client.ts'
import { importFile } from '../../src/cli/import-file.ts'
import { openLog } from '../../src/cli/log.ts'
import { openProgress, type ProgressLine } from '../../src/cli/progress.ts'
import { runTable } from '../../src/cli/run-report.ts'
import { untilStopped } from '../../src/cli/until-stopped.ts'
import { watchRun } from '../../src/cli/watch-run.ts'
import { describeDifferences, type WatchedRun } from './differences.ts'
import { approveBaseline, prepareExperiments, programs, startRun } from './experiments.ts'
import { prepareProvider, promptVersions, providerOf } from './model.ts'
import { queriesToPaste } from './queries-to-paste.ts'
import { describeVerdicts } from './verdicts.ts'

const here = (file: string) => new URL(file, import.meta.url)
const say = (text = '') => void process.stdout.write(`${text}\n`)

const { values: flags } = parseArgs({
  options: {
    exit: { type: 'boolean', default: false },
    port: { type: 'string' },
    'data-dir': { type: 'string', default: '.assay/demo' },
    pace: { type: 'string', default: process.stdout.isTTY ? '40' : '0' },
    model: { type: 'string' },
    tickets: { type: 'string', default: '100' },
  },
})
process.env.DEMO_PACE_MS = flags.pace

const log = openLog('warn')
try {
  // Before the server starts: it takes a while to hear that a key is missing.
  if (flags.model !== undefined) providerOf(flags.model, process.env)
  process.exitCode = await untilStopped(log, start, async (assay) => {
    await demonstrate(assay)
    return flags.exit ? 'STOP' : 'STAY'
  })
} catch (error) {
  process.stderr.write(`${explain(error)}\n`)
  process.exitCode = 1
}

/** The same server as `npm start`, with its own directory. */
async function start(): Promise<AssayProcess> {
  const serveAt = (port: number) =>
    startProcess({
      log,
      databaseUrl: process.env.DATABASE_URL || null,
      dataDir: flags['data-dir'],
      config: fileURLToPath(here('.')),
      slots: 200,
      http: { host: '127.0.0.1', port },
    })
  say('Starting Assay with its own PostgreSQL; this takes longer the first time.')
  if (flags.port !== undefined) return await serveAt(Number(flags.port))
  return await serveAt(4000).catch((error: Error) => {
    if (!(error instanceof CliError && error.message.includes('already in use'))) throw error
    say('Port 4000 is in use; using a free one.')
    return serveAt(0)
  })
}

async function demonstrate(assay: AssayProcess): Promise<void> {
  const url = assay.url ?? ''
  const client = new GraphQLClient(url)
  try {
    say(`Serving ${url}/graphql, data in ${assay.database}.\n`)
    const dataset = await importFile({
      url,
      dataset: 'support-tickets',
      source: createReadStream(here('tickets.jsonl')),
      format: 'jsonl',
    })
    say(
      `Dataset "${dataset.dataset}", version ${dataset.version}: ${dataset.rows} tickets, ${dataset.added} of them new.`,
    )
    const [rules, bayes] = await prepareExperiments(client, dataset.datasetId, await versions(client))
    if (flags.model === undefined) say('Two versions of a classifier on all of them, concurrently:')
    else say(`Two prompts on ${flags.model}, on the same ${flags.tickets} of them, concurrently:`)
    if (flags.model !== undefined) say('(Runs stop at 1 USD each, if the price of the model is known.)')
    else if (flags.pace === '0')
      say('(They are fast. To watch them, delay every call by 40 ms: npm run demo -- --pace 40)')
    else say(`(One call at a time, each delayed by ${flags.pace} ms, which its latency includes.)`)
    say(`Watch them race: open ${url}\n`)

    const progress = openProgress(process.stdout)
    const watched = await Promise.all(
      [rules, bayes].map((experiment) => watch(client, experiment.id, progress.add(experiment.name))),
    ).finally(() => progress.stop())
    const [first, second] = watched as [WatchedRun, WatchedRun]

    say(`\n${runTable([first.run, second.run], [rules.name, bayes.name])}`)
    say('Means are shown with their standard errors.\n')
    say(
      await describeVerdicts(client, { id: first.run.id, title: rules.name }, { id: second.run.id, title: bayes.name }),
    )
    say('p values are corrected for the number of metrics (docs/statistics.md).\n')
    say(await describeDifferences(client, { ...first, title: rules.name }, { ...second, title: bayes.name }))
    say(queriesToPaste({ url, experimentId: bayes.id, runIds: [first.run.id, second.run.id] }))
    await approveBaseline(client, first.run.id)
    if (!flags.exit) say(`\nIt keeps serving until you press Ctrl-C. To see all of it:\nopen ${url}`)
  } finally {
    await client.close()
  }
}

/** What is compared: two programs, or two prompts on a model. */
async function versions(client: GraphQLClient): Promise<ReturnType<typeof promptVersions>> {
  if (flags.model === undefined) return programs
  const provider = providerOf(flags.model, process.env)
  await prepareProvider(client, provider, flags.model)
  return promptVersions(provider.name, flags.model)
}

/** Runs an experiment and follows the feed of the run to its end. */
async function watch(client: GraphQLClient, experimentId: string, line: ProgressLine): Promise<WatchedRun> {
  const items = new Map<string, RunItemState>()
  const sample = flags.model === undefined ? null : Number(flags.tickets)
  const oneByOne = flags.model === undefined && flags.pace !== '0'
  const runId = await startRun(client, experimentId, { sample, oneByOne })
  const run = await watchRun(client, runId, line, (item) => items.set(item.datasetItem.id, item))
  return { run, items }
}

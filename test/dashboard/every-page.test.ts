/**
 * Every page and dialog, filled, as people with any eyes and any screen see it: axe has nothing to say in both themes, and
 * nothing is wider than the screen. With `SCREENSHOTS=<folder>` each is pictured at its narrowest and widest.
 */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { encodeGlobalId, rawId } from '../../schema/relay/global-id.ts'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { createReviewQueue } from '../../src/engine/review/queues.ts'
import { setScore } from '../../src/engine/scores.ts'
import { browserPath } from '../helpers/browser.ts'
import { testScope } from '../helpers/scope.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { root } from '../helpers/spawn-assay.ts'
import { fillProject } from '../schema/filled-project.ts'
import { type Visitor, visit } from './visitor.ts'

const screenshots = process.env.SCREENSHOTS
const name = 'everything'
/** At each width one: both at both take twice as long. */
const themes: Record<number, 'light' | 'dark'> = { 1280: 'light', 360: 'dark' }

/** What a page says instead of its content. */
const refusals = /could not be read|cannot be shown|does not answer|There is no such/

/** An address, in which `{Run 1}` is the id of the second run, and the buttons that are pressed there, one after the other. */
type Stop = string | [address: string, ...presses: (string | RegExp)[]]

let t: TestServer
let visitor: Visitor
let ids: Record<string, string[]>

beforeAll(async () => {
  if (!browserPath) return
  t = await startTestServer({ evaluators: [{ name: 'judge', evaluate: () => 1 }] })
  const filled = await fillProject(t, name)
  const { projectId } = filled
  ids = filled.ids
  const scope = await testScope(t.db, projectId)
  const [runId = '', baselineId = ''] = (ids.Run ?? []).map((id) => rawId('Run', id, []))
  // What an evaluator of the project says can be laid beside what people say.
  await t.db.prisma.runEvaluator.updateMany({ where: { runId }, data: { name: 'good' } })
  for (const id of [runId, baselineId]) {
    const where = { runId: id, name: 'good', source: 'EVALUATOR', value: { not: null } } as const
    const said = await t.db.prisma.score.findMany({ where, orderBy: [{ value: 'asc' }, { ordinal: 'asc' }] })
    for (const [index, { ordinal, value }] of said.entries()) {
      const human = { name: 'good', source: 'HUMAN', dataType: 'BOOLEAN', value: index === 1 ? 0 : value } as const
      await setScore(t.services, scope, { ...human, runId: id, ordinal })
    }
  }
  const queue = { runId, baselineId, selection: { all: true }, scores: [name] }
  const open = await createReviewQueue(t.services, scope, { ...queue, name: 'of everybody' })
  const pairs = await createReviewQueue(t.services, scope, {
    ...{ ...queue, name: 'in pairs', pairwise: true, scores: [`${name} numbers`] },
  })
  ids.OpenQueue = [open, pairs].map(({ id }) => encodeGlobalId('ReviewQueue', id))
  visitor = await visit(t.url)
  visitor.page.setDefaultTimeout(20_000)
  // The project has keys: without one there is nothing to see.
  const { key } = await createApiKey(t.db, scope, { name: 'tour', role: 'ADMIN' })
  const isClosed = async () => (await fetch(`${t.url}/session`).then((answer) => answer.json())).keyRequired
  await vi.waitFor(async () => expect(await isClosed()).toBe(true), { timeout: 20_000 })
  await visitor.go('/')
  await visitor.page.getByLabel('API key').fill(key)
  await visitor.page.keyboard.press('Enter')
  await visitor.page.getByRole('heading', { level: 1, name }).waitFor()
  visitor.complaints.splice(0)
})
afterAll(async () => {
  await visitor?.[Symbol.asyncDispose]()
  await t?.[Symbol.asyncDispose]()
})

const run = '/runs/{Run 1}?baseline={Run 0}'
const item = '/runs/{Run 0}?item={RunItem 0}'
const dataset = '/datasets/{Dataset 0}'
const datasetItem = `${dataset}?item={DatasetItem 0}`
const comparison = '/compare?baseline={Run 0}&runs=%5B%22{Run 1}%22%5D'
const prompt = '/prompts/{Prompt 0}'
const openQueue = '/review/{OpenQueue 0}'
const evaluatorKinds = [
  ...['judge:correctness', 'judge', 'pairwise', 'similarity', 'trajectory', 'code', 'http', 'composite', 'regex'],
]

/** By the path that the router has for them. */
const stops: Record<string, Stop[]> = {
  '/': ['/', ['/', /^Project /]],
  '/runs/$runId': [
    run,
    [run, 'Share'],
    [run, 'View'],
    [run, 'Metadata'],
    [run, 'More about this run'],
    [run, 'More about this run', 'Delete…'],
    [run, 'More about this run', 'Score the outputs again…'],
    ['/runs/{Run 2}', 'More about this run', 'Concurrency and budget…'],
    item,
    [item, 'Copy to a dataset'],
    [item, 'Tag'],
    [item, 'Take the output as expected'],
  ],
  '/runs/$runId/review': ['/runs/{Run 0}/review'],
  '/review': ['/review'],
  '/review/new': ['/review/new?run={Run 0}', '/review/new?run={Run 0}&baseline={Run 1}'],
  '/review/$queueId': [
    '/review/{ReviewQueue 0}',
    '/review/{ReviewQueue 1}',
    openQueue,
    [openQueue, 'More about this queue'],
    '/review/{OpenQueue 1}',
  ],
  '/datasets': ['/datasets', ['/datasets', 'New dataset']],
  '/datasets/$datasetId': [
    dataset,
    [dataset, 'More', 'Name and description…'],
    [dataset, 'More', 'Delete…'],
    [dataset, 'Export'],
    [dataset, 'Add an item'],
    datasetItem,
    [datasetItem, 'Edit'],
  ],
  runs: [`${dataset}/runs`],
  versions: [`${dataset}/versions`],
  '/compare': [comparison, `${comparison}&item={DatasetItem 0}`],
  '/experiments': ['/experiments'],
  '/experiments/new': ['/experiments/new?dataset={Dataset 0}', '/experiments/new?from={Run 0}'],
  '/experiments/$experimentId': ['/experiments/{Experiment 0}'],
  '/evaluators': ['/evaluators?archived=true'],
  '/evaluators/new': ['/evaluators/new', ...evaluatorKinds.map((kind) => `/evaluators/new?kind=${kind}`)],
  '/evaluators/$evaluatorId': [
    '/evaluators/{Evaluator 0}',
    '/evaluators/{Evaluator 3}',
    ['/evaluators/{Evaluator 0}', 'Archive'],
  ],
  '/prompts': ['/prompts'],
  '/prompts/new': ['/prompts/new'],
  '/prompts/$promptId': [prompt, [prompt, 'Labels'], [prompt, 'More about this prompt', 'Delete…']],
  '/prompts/$promptId/edit': [`${prompt}/edit`],
  '/settings': [
    '/settings?part=you',
    '/settings?part=providers',
    ['/settings?part=providers', 'Add a provider'],
    ['/settings?part=providers', 'Set the price of a model'],
    '/settings?part=scores',
    ['/settings?part=scores', 'New score'],
    '/settings?part=limits',
    ['/settings?part=limits', 'New limit'],
    '/settings?part=keys',
    ['/settings?part=keys', 'New key'],
    '/settings?part=projects',
  ],
}
const tour = Object.values(stops)
  .flat()
  .map((stop, number) => {
    const [address, ...presses] = typeof stop === 'string' ? [stop] : stop
    return { title: `${number} ${[address, ...presses].join(' › ')}`, address, presses }
  })

test.skipIf(!browserPath)('no page is left out', async () => {
  const router = await readFile(join(root, 'src/dashboard/router.tsx'), 'utf8')
  const paths = [...router.matchAll(/^ {2}path: '(.+)',$/gm)].map(([, path]) => path)
  expect(new Set(paths)).toEqual(new Set(Object.keys(stops)))
})

describe.skipIf(!browserPath)('everybody can read, and every screen has room for', () => {
  for (const { title, address, presses } of tour) {
    test(title, async () => {
      // All of them, not only the first: a tour takes minutes.
      const problems: string[] = []
      for (const width of [1280, 360]) {
        await resize(width)
        // What is open closes when its button moves away.
        if (width === 1280 || presses.length > 0) await show(address, presses)
        if (width === 360) await picture(`${title} 360`)
        problems.push(...(await visitor.inaccessible([themes[width] ?? 'light'])), ...(await visitor.wider()))
        // Between and beyond them pages change their form.
        await resize(width === 360 ? 768 : 2560)
        if (width === 1280) await picture(`${title} 2560`)
        problems.push(...(await visitor.wider()))
      }
      problems.push(...(await visitor.page.getByText(refusals).allTextContents()), ...visitor.complaints.splice(0))
      expect(problems).toEqual([])
    })
  }
})

test.skipIf(!browserPath)('the navigation of a phone and the help of the keyboard, too', async () => {
  const { page } = visitor
  await resize(360)
  await show('/', [])
  await visitor.button('Open the navigation').click()
  await page.getByRole('link', { name: 'Datasets' }).waitFor()
  await visitor.expectAccessible()
  await picture('navigation 360')
  await resize(1280)
  await show('/', [])
  await page.keyboard.press('?')
  await page.getByRole('dialog').waitFor()
  await visitor.expectAccessible()
  await picture('keyboard 1280')
})

test.skipIf(!browserPath)('the page of an evaluator says how far it agrees with people', async () => {
  const { page } = visitor
  await show('/evaluators/{Evaluator 0}', [])
  const report = page.getByRole('region', { name: 'Against people' })
  // It says yes of four outputs and no of one; people say no of one of the four, too.
  await expect.poll(() => report.textContent()).toContain('Same verdict80.0 % (37.6 to 96.4)')
  const cells = report.getByRole('region', { name: 'Verdicts together' }).getByRole('row')
  expect(await cells.allTextContents()).toEqual(['✗ no✓ yes', '✗ no11', '✓ yes03'])
  expect(await report.textContent()).toContain('Finds what is wrong50.0 %')
  expect(await report.getByRole('listitem').allTextContents()).toContainEqual(
    expect.stringMatching(/^Only 5 outputs have a verdict of people/),
  )
})

test.skipIf(!browserPath)('a comparison has what people say in a row of its own', async () => {
  await show(comparison, [])
  const metrics = visitor.page.getByRole('region', { name: 'Verdicts' }).getByRole('rowheader')
  await expect.poll(() => metrics.allTextContents()).toEqual(expect.arrayContaining(['good', 'good, people']))
})

function resize(width: number) {
  return visitor.page.setViewportSize({ width, height: width === 360 ? 780 : 900 })
}

/** Goes to a page and presses its buttons. */
async function show(address: string, presses: readonly (string | RegExp)[]) {
  const { page } = visitor
  await visitor.go(address.replaceAll(/\{(\w+) (\d)\}/g, (_, type, index) => ids[type]?.[index] ?? ''))
  const options = { message: page.url(), timeout: 20_000 }
  await expect.poll(() => page.getByRole('heading', { level: 1 }).count(), options).toBe(1)
  await expect.poll(() => page.locator('.mantine-Skeleton-root[data-visible]').count(), options).toBe(0)
  if (presses.length === 0) return
  // The project is chosen in the navigation, which a phone opens first.
  const navigation = visitor.button('Open the navigation')
  if (presses[0] instanceof RegExp && (await navigation.isVisible())) await navigation.click()
  for (const press of presses) {
    const named = { name: press, exact: typeof press === 'string' }
    await page.getByRole('button', named).or(page.getByRole('menuitem', named)).first().click()
  }
  await page.locator(':is([role=dialog], [role=menu], form):visible').first().waitFor()
}

async function picture(title: string) {
  if (screenshots === undefined) return
  const { page } = visitor
  await mkdir(screenshots, { recursive: true })
  const file = title.replaceAll(/[{}]/g, '').replaceAll(/[^\w .:…-]/g, '-')
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.screenshot({ path: join(screenshots, `${file} ${colorScheme}.png`) })
  }
}

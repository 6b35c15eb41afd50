/** Somebody tests prompts: adds a provider, writes a prompt, tries it, runs it, changes it and compares, all on the pages. */
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodeGlobalId } from '../../schema/relay/global-id.ts'
import { browserPath } from '../helpers/browser.ts'
import { seedDataset } from '../helpers/engine.ts'
import { testKey } from '../helpers/model-call.ts'
import { type ModelServer, startModelServer } from '../helpers/model-server/model-server.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { type Visitor, visit } from './visitor.ts'

let t: TestServer
let models: ModelServer
let visitor: Visitor
let page: Page
let dataset: string

beforeAll(async () => {
  if (!browserPath) return
  models = await startModelServer(({ prompt, headers }) => {
    if (headers.authorization !== `Bearer ${testKey}`)
      return { status: 401, type: 'invalid_request_error', message: 'Incorrect API key' }
    // The verdict of a judge.
    if (prompt.includes('<output>')) return { text: '{"reason":"It names the capital.","label":"right"}' }
    return { text: prompt.includes('loud') ? 'PARIS' : 'Paris' }
  })
  t = await startTestServer()
  const items = ['France', 'Spain', 'Peru'].map((country) => ({ country, hints: { continent: 'some' } }))
  dataset = encodeGlobalId('Dataset', await seedDataset(t, items))
  await t.startWorker()
  visitor = await visit(t.url)
  page = visitor.page
})
afterAll(async () => {
  await visitor?.[Symbol.asyncDispose]()
  await t?.[Symbol.asyncDispose]()
  await models?.[Symbol.asyncDispose]()
})

const dialog = () => page.getByRole('dialog')
const preview = () => page.getByRole('region', { name: 'Preview' })
const box = (name: string) => page.getByRole('textbox', { name, exact: true })
/** Writes the name of a model; the list of those that are found closes with the focus. */
async function chooseModel(within: Page | Locator, name: string) {
  const model = within.getByRole('combobox', { name: 'Model', exact: true })
  await model.fill(name)
  await model.press('Tab')
  await expect.poll(() => model.inputValue()).toBe(name)
}
const heading = () => page.getByRole('heading', { level: 1 }).textContent()

test.skipIf(!browserPath)('without a provider, one is added and tested inside of the form', async () => {
  await visitor.go(`/experiments/new?dataset=${dataset}`)
  await visitor.button('Add a provider').click()
  await dialog().getByLabel('API key').fill('wrong-key-0000000000')
  await dialog().getByRole('textbox', { name: 'Address' }).fill(models.openai)
  await visitor.expectAccessible()
  await dialog().getByRole('button', { name: 'Add the provider' }).click()
  await chooseModel(dialog(), 'gpt-4o-mini')
  await dialog().getByRole('button', { name: 'Test it' }).click()
  await expect.poll(() => dialog().getByRole('status').textContent()).toContain('The key does not work')
  await dialog().getByRole('button', { name: 'Done' }).click()
  await expect.poll(() => dialog().count()).toBe(0)

  // The key is mended in the settings.
  await visitor.go('/settings?part=providers')
  await visitor.button('Change').click()
  expect(await dialog().getByLabel('API key').inputValue()).toBe('')
  await dialog().getByLabel('API key').fill(testKey)
  await dialog().getByRole('button', { name: 'Save' }).click()
  await expect.poll(() => dialog().count()).toBe(0)
  await visitor.button('Test').click()
  await chooseModel(dialog(), 'gpt-4o-mini')
  await dialog().getByRole('button', { name: 'Test it' }).click()
  await expect.poll(() => dialog().getByRole('status').textContent()).toContain('It works')
  await visitor.expectAccessible()
})

test.skipIf(!browserPath)('a prompt is written with names of the item, previewed, called and run', async () => {
  await visitor.go(`/experiments/new?dataset=${dataset}`)
  await box('Name').fill('capitals')
  await page.getByRole('combobox', { name: 'Provider' }).click()
  await page.getByRole('option', { name: /OpenAI/ }).click()
  await chooseModel(page, 'gpt-4o-mini')
  const message = box('Message 2')
  await message.fill('The capital of ')
  await message.pressSequentially('{{cou')
  await expect.poll(() => page.getByRole('option', { name: /country/ }).count()).toBe(1)
  await message.press('Enter')
  expect(await message.inputValue()).toBe('The capital of {{country}}')
  await expect.poll(() => preview().textContent()).toContain('The capital of France')
  await visitor.button('Next item').click()
  await expect.poll(() => preview().textContent()).toContain('The capital of Spain')
  await message.pressSequentially(' in {{city}}')
  await expect.poll(() => preview().textContent()).toContain('city')
  await message.fill('The capital of {{country}}')
  await expect.poll(() => preview().textContent()).toContain('The capital of Spain')
  await visitor.button('Call the model').click()
  await expect.poll(() => preview().getByRole('status').textContent()).toContain('Paris')
  // 3 items; the price of the model is known, the length of the answers is not yet.
  const summary = page.getByRole('region', { name: 'Summary' })
  await expect.poll(() => summary.textContent()).toMatch(/\$0\.0000\d+ and the answers/)
  await visitor.expectAccessible()
  await visitor.button('Create and start').click()
  await expect.poll(heading).toBe('capitals')
  await expect.poll(() => page.getByText('Completed').count()).toBe(1)
  expect(await t.db.prisma.runItem.count({ where: { status: 'SUCCEEDED' } })).toBe(3)
})

test.skipIf(!browserPath)('a new run with changes is compared with the run that it is made from', async () => {
  await visitor.button('More about this run').click()
  await page.getByRole('menuitem', { name: 'New run with changes' }).click()
  await expect.poll(heading).toBe('New run with changes')
  const message = box('Message 1')
  await expect.poll(() => message.inputValue()).toBe('The capital of {{country}}')
  await message.fill('The capital of {{country}}, loud')
  const summary = page.getByRole('region', { name: 'Summary' })
  await expect.poll(() => summary.textContent()).toMatch(/about \$0\.000/)
  await visitor.button('Create and start').click()
  await expect.poll(heading).toBe('capitals, changed')
  await expect.poll(() => page.getByText('Completed').count()).toBe(1)
  expect(page.url()).toContain('baseline=')
  await expect.poll(() => page.getByText('PARIS').count()).toBeGreaterThan(0)
})

test.skipIf(!browserPath)(
  'a stored prompt has versions, labels, differences, and experiments that use it',
  async () => {
    await visitor.go('/prompts')
    await expect.poll(() => page.getByText('No prompt yet').count()).toBe(1)
    await visitor.expectAccessible()
    await page.getByRole('link', { name: 'New prompt' }).first().click()
    await visitor.button('Create the prompt').click()
    await expect.poll(() => page.getByText('Expected a name, got nothing.').count()).toBe(1)
    await box('Name').fill('geo/capital')
    await box('Message 2').fill('Name the capital of {{country}}.')
    await visitor.button('Create the prompt').click()
    await expect.poll(heading).toBe('geo/capital')

    await page.getByRole('link', { name: 'Edit' }).click()
    await box('Message 1').fill('Name the capital of {{country}} in one word.')
    await box('What changed').fill('one word')
    await visitor.expectAccessible()
    await visitor.button('Save as version 2').click()
    await expect.poll(() => page.getByRole('region', { name: 'Version 2' }).count()).toBe(1)

    const versions = page.getByRole('navigation', { name: 'Versions' })
    await versions.getByRole('button', { name: /^1/ }).click()
    await visitor.button('Labels').click()
    await page.getByRole('textbox', { name: 'New label' }).fill('latest')
    await visitor.button('Add').click()
    await expect.poll(() => page.getByText(/expected another label/i).count()).toBe(1)
    await page.getByRole('textbox', { name: 'New label' }).fill('production')
    await page.keyboard.press('Enter')
    await expect.poll(() => versions.getByRole('button', { name: /^1 ?production/ }).count()).toBe(1)
    await page.keyboard.press('Escape')
    await versions.getByRole('button', { name: /^2/ }).click()
    await visitor.button('Labels').click()
    await visitor.button('Move production here').click()
    await expect.poll(() => versions.getByRole('button', { name: /^2 ?production/ }).count()).toBe(1)
    await page.keyboard.press('Escape')
    await page.getByText('Changes', { exact: true }).click()
    await expect
      .poll(() => page.getByRole('region', { name: 'Version 2' }).locator('ins').allTextContents())
      .toEqual([' in one word'])
    await visitor.expectAccessible()
    await page.getByText('Try it', { exact: true }).click()
    await page.getByRole('combobox', { name: 'Dataset' }).click()
    await page.getByRole('option').first().click()
    await expect.poll(() => preview().textContent()).toContain('Name the capital of France in one word.')

    await page.getByRole('link', { name: 'New experiment' }).first().click()
    await box('Name').fill('stored')
    await page.getByRole('combobox', { name: 'Dataset' }).click()
    await page.getByRole('option').first().click()
    await page.getByRole('combobox', { name: 'Provider' }).click()
    await page.getByRole('option', { name: /OpenAI/ }).click()
    await chooseModel(page, 'gpt-4o-mini')
    await page.getByRole('combobox', { name: 'Which version' }).click()
    await page.getByRole('option', { name: 'production (2)' }).click()
    await expect.poll(() => preview().textContent()).toContain('Name the capital of France in one word.')
    await visitor.expectAccessible()
    await visitor.button('Create and start').click()
    await expect.poll(heading).toBe('stored')
    await expect.poll(() => page.getByText('Completed').count()).toBe(1)
    const run = await t.db.prisma.run.findFirstOrThrow({ orderBy: { createdAt: 'desc' } })
    expect(run.promptVersionId).not.toBeNull()
    await visitor.go('/prompts?q=capital')
    await page.getByRole('link', { name: 'geo/capital' }).click()
    await expect.poll(() => page.getByRole('link', { name: 'stored' }).count()).toBe(2)
    expect(visitor.complaints).toEqual([])
  },
)

test.skipIf(!browserPath)('a judge is made from the catalogue, changed and tried', async () => {
  await visitor.go('/evaluators/new')
  const judges = page.getByRole('region', { name: 'Judges' })
  await judges.getByRole('link', { name: /^correctness/ }).click()
  await expect.poll(() => box('Name').inputValue()).toBe('correctness')
  await page.getByRole('combobox', { name: 'Provider' }).click()
  await page.getByRole('option', { name: 'openai' }).click()
  await chooseModel(page, 'gpt-4o-mini')
  expect(await page.getByRole('textbox', { name: 'What it is shown' }).inputValue()).toContain('{{output}}')
  await page.getByRole('textbox', { name: 'Label 1' }).fill('right')
  await visitor.expectAccessible()
  await page.getByLabel('Output of your own').fill('Paris')
  await page.getByLabel('Expected output', { exact: true }).fill('Paris')
  await visitor.button('Try it').click()
  await expect.poll(() => page.getByRole('status').allTextContents()).toContain('✓ yes: It names the capital.')
  await visitor.button('Create the evaluator').click()
  await expect.poll(() => page.getByRole('row', { name: /correctness/ }).textContent()).toContain('gpt-4o-mini')
  const { definition } = await t.db.prisma.evaluatorVersion.findFirstOrThrow({ orderBy: { createdAt: 'desc' } })
  expect(definition).toMatchObject({ kind: 'judge', template: 'correctness', provider: 'openai' })
  expect(definition).toHaveProperty('scale.labels.0.label', 'right')
  await page.getByRole('link', { name: 'correctness' }).click()
  await page.getByRole('textbox', { name: 'When it applies 1' }).fill('It says the same.')
  await visitor.button('Save').click()
  await expect.poll(() => page.getByText('It is saved as version 2.').count()).toBe(1)
  expect(visitor.complaints).toEqual([])
})

test.skipIf(!browserPath)(
  'code is written, fails in a line, is mended and limited to what a judge calls right',
  async () => {
    await visitor.go('/evaluators/new')
    await page.getByRole('link', { name: /^JavaScript/ }).click()
    await box('Name').fill('short')
    await box('Code').fill('function evaluate({ output }) {\n  return output.text.length < 10\n}')
    await page.getByLabel('Output of your own').fill('null')
    await visitor.button('Try it').click()
    const tried = () => page.getByRole('status').allTextContents()
    await expect.poll(tried).toContainEqual(expect.stringMatching(/^TypeError: .*\(line 2\)/))
    await box('Code').fill('function evaluate({ output }) {\n  return output.length < 10\n')
    await visitor.button('Create the evaluator').click()
    await expect.poll(() => page.getByText(/SyntaxError: .*\(line \d\)/).count()).toBe(1)
    await visitor.expectAccessible()
    await box('Code').fill('function evaluate({ output }) {\n  return output.length < 10\n}')
    await visitor.button('More about where it is used').click()
    await page.getByRole('checkbox', { name: 'Only items with a certain score of another evaluator' }).check()
    await box('Score').fill('correctness')
    await page.getByRole('textbox', { name: 'At least' }).fill('1')
    await page.getByRole('textbox', { name: 'Calls for one item' }).fill('5')
    await visitor.expectAccessible()
    await visitor.button('Create the evaluator').click()
    await expect.poll(() => page.getByRole('row', { name: /short/ }).count()).toBe(1)
    const made = await t.db.prisma.evaluator.findFirstOrThrow({ where: { name: 'short' }, include: { versions: true } })
    expect(made).toMatchObject({ maxAttempts: 5, versions: [{ onlyIf: { score: 'correctness', min: 1 } }] })
  },
)

test.skipIf(!browserPath)('what an endpoint is sent stays hidden, and is kept by changes of the rest', async () => {
  await visitor.go('/evaluators/new?kind=http')
  await box('Name').fill('elsewhere')
  await box('URL').fill('https://scorer.example/score')
  await box('Headers').fill('{ "authorization": "Bearer secret" }')
  await visitor.button('Create the evaluator').click()
  await page.getByRole('link', { name: 'elsewhere' }).click()
  expect(await box('Headers').inputValue()).toContain('********')
  await box('Description').fill('By another team.')
  await visitor.button('Save').click()
  await expect.poll(() => page.getByText('It is saved; its scores stay the same.').count()).toBe(1)
  const { definition } = await t.db.prisma.evaluatorVersion.findFirstOrThrow({
    where: { evaluator: { name: 'elsewhere' } },
  })
  expect(definition).toMatchObject({ headers: { authorization: 'Bearer secret' } })
})

test.skipIf(!browserPath)('rules of scores, prices and limits are set and removed in the settings', async () => {
  await visitor.go('/settings?part=scores')
  await expect.poll(() => page.getByText('No rules yet').count()).toBe(1)
  await visitor.button('New score').click()
  await dialog().getByRole('textbox', { name: 'Name of the score' }).fill('helpful')
  await dialog().getByRole('textbox', { name: 'Lowest value' }).fill('5')
  await dialog().getByRole('textbox', { name: 'Highest value' }).fill('1')
  await dialog().getByRole('button', { name: 'Save' }).click()
  await expect.poll(() => dialog().textContent()).toMatch(/expected/i)
  await dialog().getByRole('textbox', { name: 'Lowest value' }).fill('1')
  await dialog().getByRole('textbox', { name: 'Highest value' }).fill('5')
  await visitor.expectAccessible()
  await dialog().getByRole('button', { name: 'Save' }).click()
  const rules = page.getByRole('table', { name: 'Rules of scores' })
  await expect.poll(() => rules.textContent()).toContain('a number, 1 to 5')
  await visitor.expectAccessible()
  await visitor.button('Delete helpful').click()
  await visitor.button('Delete the rules').click()
  await expect.poll(() => page.getByText('No rules yet').count()).toBe(1)

  await page.getByRole('tab', { name: 'Providers' }).click()
  await visitor.button('Set the price of a model').click()
  await chooseModel(dialog(), 'own-model')
  await dialog().getByRole('textbox', { name: 'Input', exact: true }).fill('2')
  await dialog().getByRole('textbox', { name: 'Output', exact: true }).fill('8')
  await dialog().getByRole('button', { name: 'Set the price' }).click()
  const prices = page.getByRole('region', { name: /Prices of models/ })
  await expect.poll(() => prices.textContent()).toContain('own-model$2$8')
  await visitor.expectAccessible()
  await page.getByRole('link', { name: 'Limits' }).click()
  await dialog().getByRole('textbox', { name: 'Endpoint' }).pressSequentially('gpt-4o-mini')
  await dialog().getByRole('textbox', { name: 'Concurrent calls' }).fill('4')
  await dialog().getByRole('button', { name: 'Save' }).click()
  await expect.poll(() => page.getByRole('cell', { name: 'provider:openai/gpt-4o-mini' }).count()).toBe(1)
  await page.getByRole('tab', { name: 'Providers' }).click()
  await page.getByRole('button', { name: 'Remove', exact: true }).click()
  await visitor.button('Remove the provider').click()
  await expect.poll(() => page.getByText('No provider yet').count()).toBe(1)
  expect(visitor.complaints).toEqual([])
})

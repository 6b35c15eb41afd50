/**
 * The first hour of somebody: the demo, its two runs side by side, and what they differ in. `npm run picture` takes the
 * README's picture of them while they race.
 */
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { browserPath, withoutBrowser } from '../helpers/browser.ts'
import { makeTemporary, root, spawnNode } from '../helpers/spawn-assay.ts'
import { visit } from './visitor.ts'

const script = join(root, 'examples/support-tickets/demo.ts')

test.skipIf(!browserPath)(
  `the demo's runs race on the pages, and are compared (${browserPath ?? withoutBrowser})`,
  async () => {
    const demo = spawnNode([script, '--port', '0', '--data-dir', await makeTemporary(), '--pace', '60'])
    const [, url = ''] = await demo.says(/open (http:\/\/\S+)/)
    await using visitor = await visit(url)
    const { page, complaints, button } = visitor
    await visitor.go('/')

    // Both are running, and go on without anybody doing anything.
    const running = page.getByRole('region', { name: 'Running now' })
    await expect.poll(() => running.getByRole('article').count()).toBe(2)
    await visitor.expectAccessible()
    const done = async () => Number(await running.getByRole('progressbar').first().getAttribute('aria-valuenow'))
    const before = await done()
    await expect.poll(done).toBeGreaterThan(before)

    // They are compared while they race.
    const verdicts = page.getByRole('region', { name: 'Verdicts' })
    const [baseline, candidate] = await startedRuns(url)
    await visitor.go(`/compare?baseline=${baseline}&runs=${encodeURIComponent(JSON.stringify([candidate]))}`)
    await expect.poll(() => verdicts.textContent(), { timeout: 30_000 }).toContain('valid although you looked')
    if (process.env.PICTURE !== undefined) await takePicture(page, process.env.PICTURE)

    await visitor.go(`/runs/${candidate}`)
    await expect.poll(() => page.getByRole('heading', { level: 1 }).textContent()).toBe('naive Bayes')
    await expect.poll(() => page.getByText('Completed').count(), { timeout: 60_000 }).toBe(1)
    const facts = page.getByRole('region', { name: 'Progress and verdict' })
    expect(await facts.textContent()).toContain('320 of 320')
    const grid = page.getByRole('grid', { name: 'Items' })
    expect(await grid.getAttribute('aria-rowcount')).toBe('321')
    await visitor.expectAccessible()

    await page.getByRole('link', { name: 'support-tickets' }).click()
    await expect.poll(() => page.getByRole('checkbox').count()).toBe(2)
    await visitor.expectAccessible()
    for (const box of await page.getByRole('checkbox').all()) await box.check()
    await page.getByRole('link', { name: /Compare \(2\)/ }).click()
    await expect.poll(() => verdicts.textContent()).toMatch(/(Better|Worse) by 11\.3 points/)
    await visitor.expectAccessible()

    await button('Only regressed by').first().click()
    const items = page.getByRole('grid', { name: 'Items of all runs' })
    await expect.poll(() => items.getByRole('row').count()).toBeGreaterThan(5)
    await items.getByRole('row').nth(1).click()
    await expect.poll(() => page.getByRole('dialog').textContent()).toContain('Outputs')
    await visitor.expectAccessible()
    expect(complaints).toEqual([])
  },
  240_000,
)

/** Ids of the demo's runs: that of the rules, which is the baseline, and the other. */
async function startedRuns(url: string): Promise<string[]> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ runs(first: 2) { nodes { id name } } }' }),
  })
  const { data } = (await response.json()) as { data: { runs: { nodes: { id: string; name: string }[] } } }
  const isRules = ({ name }: { name: string }) => name.startsWith('keyword rules')
  return data.runs.nodes.sort((a, b) => Number(isRules(b)) - Number(isRules(a))).map(({ id }) => id)
}

/** Half way through, in the colours of paper. */
async function takePicture(page: Page, path: string): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 1280, height: 860 })
  const bar = page.getByRole('progressbar', { name: 'Items done' }).first()
  const done = async () =>
    Number(await bar.getAttribute('aria-valuenow')) / Number(await bar.getAttribute('aria-valuemax'))
  await expect.poll(done, { timeout: 30_000 }).toBeGreaterThan(0.5)
  await page.screenshot({ path })
  await page.setViewportSize({ width: 1440, height: 900 })
}

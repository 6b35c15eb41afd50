/** Somebody works on datasets: makes one, drops files on it, edits, finds, tags and copies items, and looks at what changed. */
import { buffer } from 'node:stream/consumers'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ZipFile } from 'yazl'
import { browserPath } from '../helpers/browser.ts'
import { startTestServer, type TestServer } from '../helpers/server.ts'
import { type Visitor, visit } from './visitor.ts'

/** A picture of one pixel. */
const dot = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

let t: TestServer
let visitor: Visitor
let page: Page
beforeAll(async () => {
  if (!browserPath) return
  t = await startTestServer()
  visitor = await visit(t.url)
  page = visitor.page
})
afterAll(async () => {
  await visitor?.[Symbol.asyncDispose]()
  await t?.[Symbol.asyncDispose]()
})

/** Drops a file on the page as a person does who drags it there. */
async function drop(name: string, content: string) {
  const transfer = await page.evaluateHandle(
    ([name, content]) => {
      const transfer = new DataTransfer()
      transfer.items.add(new File([content ?? ''], name ?? ''))
      return transfer
    },
    [name, content],
  )
  const place = page.getByRole('heading', { level: 1 })
  for (const event of ['dragenter', 'dragover', 'drop']) await place.dispatchEvent(event, { dataTransfer: transfer })
}

const dialog = () => page.getByRole('dialog')
const grid = () => page.getByRole('grid', { name: 'Items' })
const rowCount = () => grid().getAttribute('aria-rowcount')
const row = (index: number) => grid().getByRole('row').nth(index)
const select = async (name: string, option: string) => {
  await page.getByRole('combobox', { name }).click()
  await page.getByRole('option', { name: option, exact: true }).click()
}

test.skipIf(!browserPath)('an empty server says how to begin, and a dataset is made in its folder', async () => {
  await visitor.go('/datasets')
  await expect.poll(() => page.getByText('No datasets yet').count()).toBe(1)
  expect(await page.locator('pre').textContent()).toContain('npx assay import')
  await visitor.expectAccessible()
  await page.keyboard.press('n')
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('math//sums')
  await visitor.button('Create').click()
  await expect.poll(() => dialog().textContent()).toContain('empty group')
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('math/sums')
  await page.keyboard.press('Enter')
  await expect.poll(() => page.getByRole('heading', { level: 1 }).textContent()).toBe('sums')
  await expect.poll(() => page.getByText('No items yet').count()).toBe(1)
  await visitor.expectAccessible()
  await page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link', { name: 'math' }).click()
  await page.getByRole('link', { name: /sums/ }).click()
  await expect.poll(() => page.url()).toMatch(/\/datasets\/[\w-]+$/)
})

test.skipIf(!browserPath)(
  'a dropped file is shown as items before it is stored, and the columns can be changed',
  async () => {
    await drop('sums.csv', 'question,answer,level,note\n1+1,2,easy,first\n2+2,4,hard,\n')
    await expect.poll(() => dialog().textContent()).toContain('Line 2, input: expected a value')
    expect(await visitor.button('Import').last().isDisabled()).toBe(true)
    await select('question becomes', 'Input')
    await select('answer becomes', 'Expected output')
    await select('level becomes', 'Tags')
    await select('note becomes', 'Leave out')
    const items = page.getByRole('table', { name: 'The first items' })
    await expect
      .poll(() => items.getByRole('row').allTextContents())
      .toEqual(['LineInputExpected outputKeyTagsMetadata', '21+12easy', '32+24hard'])
    await visitor.expectAccessible()
    expect(await t.db.prisma.datasetItem.count()).toBe(0)
    await dialog().getByRole('button', { name: 'Import' }).click()
    await expect.poll(rowCount).toBe('3')
    await expect.poll(() => row(1).textContent()).toContain('1+12')
    expect(await page.getByText('Imported 2 rows as version 1').count()).toBe(1)
  },
)

test.skipIf(!browserPath)('a file with mistakes is refused with their places, and nothing is stored', async () => {
  const lines = Array.from({ length: 30 }, (_, n) => (n === 25 ? '{"input":' : `{"input":${n}}`))
  await drop('broken.jsonl', lines.join('\n'))
  await expect.poll(() => dialog().textContent()).toContain('The first 20 items')
  await dialog().getByRole('button', { name: 'Import' }).click()
  await expect.poll(() => dialog().getByRole('alert').textContent()).toContain('Line 26')
  await dialog().getByRole('button', { name: 'Cancel' }).click()
  expect(await t.db.prisma.datasetItem.count()).toBe(2)
})

test.skipIf(!browserPath)(
  'an item is added and edited, refusals are at their fields, and the versions show what changed',
  async () => {
    await page.keyboard.press('n')
    const form = page.getByRole('form', { name: 'New item' })
    await form.getByRole('textbox', { name: 'Input' }).fill('3+3')
    await form.getByRole('radiogroup', { name: 'Expected output: kind of value' }).getByText('JSON').click()
    await form.getByRole('textbox', { name: 'Expected output' }).fill('{"sum": 6')
    await visitor.button('Add the item').click()
    await expect.poll(() => form.textContent()).toContain('This is no JSON')
    await form.getByRole('textbox', { name: 'Expected output' }).fill('{"sum": 6}')
    await form.getByRole('textbox', { name: 'Key' }).fill('three')
    await visitor.expectAccessible()
    await visitor.button('Add the item').click()
    await expect.poll(rowCount).toBe('4')
    await expect.poll(() => dialog().textContent()).toContain('"sum": 6')

    await row(1).getByRole('gridcell').first().click()
    await expect.poll(() => dialog().textContent()).toContain('1+1')
    await visitor.expectAccessible()
    await page.keyboard.press('e')
    const edit = page.getByRole('form', { name: 'Edit the item' })
    await edit.getByRole('textbox', { name: 'Key' }).fill('three')
    await edit.getByRole('textbox', { name: 'Expected output' }).fill('two')
    await visitor.button('Save').click()
    await expect.poll(() => edit.textContent()).toContain('belongs to item')
    await edit.getByRole('textbox', { name: 'Key' }).fill('one')
    await visitor.button('Save').click()
    await expect
      .poll(() => dialog().getByRole('region', { name: 'History' }).textContent())
      .toContain('Version 3 (shown)')
    await visitor.button('What changed').click()
    await expect.poll(() => dialog().locator('ins').allTextContents()).toEqual(['two'])
    await page.getByRole('button', { name: 'Close the item' }).click()

    await page.getByRole('link', { name: 'Versions' }).click()
    const changes = page.getByRole('region', { name: 'Changes' })
    await expect.poll(() => changes.locator('del').allTextContents()).toEqual(['2'])
    await expect.poll(() => changes.locator('ins').allTextContents()).toEqual(['two'])
    await visitor.expectAccessible()
    await page.getByRole('button', { name: /Version 2/ }).click()
    await expect
      .poll(() => changes.getByRole('listitem').allTextContents())
      .toEqual([expect.stringContaining('Addedthree3+3')])
    await page.getByRole('link', { name: 'Show the items of version 2' }).click()
    await expect.poll(() => page.getByText('These are the items of version 2').count()).toBe(1)
    await expect.poll(() => row(1).textContent()).toContain('1+12')
    await page.goBack()
    await expect.poll(() => changes.getByRole('listitem').count()).toBe(1)
    await page.getByRole('link', { name: 'Items', exact: true }).click()
    await expect.poll(() => row(1).textContent()).toContain('two')
  },
)

test.skipIf(!browserPath)('selected items are tagged, copied to a new dataset, and archived', async () => {
  await page.getByRole('checkbox', { name: 'Select item 1' }).click()
  await page.getByRole('checkbox', { name: 'Select item 3' }).click()
  await visitor.button('Tag').click()
  await page.getByRole('combobox', { name: 'Add' }).fill('checked')
  await page.keyboard.press('Enter')
  // Closes the list of known tags.
  await dialog().getByRole('heading').click()
  await visitor.expectAccessible()
  await visitor.button('Change the tags').click()
  await expect.poll(() => page.getByText('The tags of 2 items changed.').count()).toBe(1)
  await expect.poll(() => row(3).textContent()).toContain('checked')

  await page.getByRole('combobox', { name: 'Only items with these tags' }).click()
  await page.getByRole('option', { name: 'checked (2)' }).click()
  await page.keyboard.press('Escape')
  await expect.poll(rowCount).toBe('3')
  expect(page.url()).toContain('checked')
  await page.reload()
  await expect.poll(rowCount).toBe('3')
  await page.getByRole('checkbox', { name: 'Select all items that are shown' }).click()
  await visitor.button('Copy to a dataset').click()
  await page.getByRole('combobox', { name: 'Dataset', exact: true }).fill('math/checked')
  await dialog().getByRole('button', { name: 'Copy' }).click()
  await expect.poll(() => page.getByText('Copied to math/checked').count()).toBe(1)
  expect((await t.db.prisma.dataset.findFirstOrThrow({ where: { name: 'math/checked' } })).itemCount).toBe(2)

  await page.getByRole('checkbox', { name: 'Select item 1' }).click()
  await visitor.button('Archive').click()
  await dialog().getByRole('button', { name: 'Archive' }).click()
  await expect.poll(rowCount).toBe('2')
  await visitor.go('/datasets?folder=math')
  await expect.poll(() => page.getByRole('list', { name: 'Datasets' }).getByRole('listitem').count()).toBe(2)
})

test.skipIf(!browserPath)('archived items are listed, and come back', async () => {
  await page.getByRole('link', { name: /sums/ }).click()
  await expect.poll(rowCount).toBe('3')
  await select('Version of the dataset', 'Archived (1)')
  await expect.poll(rowCount).toBe('2')
  expect(page.url()).toContain('archived=true')
  await visitor.expectAccessible()
  await page.getByRole('checkbox', { name: 'Select item 1' }).click()
  await visitor.button('Restore').click()
  await expect.poll(() => page.getByRole('heading', { name: 'No archived item' }).count()).toBe(1)
  await visitor.button('Show the current version').first().click()
  await expect.poll(rowCount).toBe('4')
})

test.skipIf(!browserPath)('a ZIP is shown before it is stored, with the files that its rows refer to', async () => {
  const zip = new ZipFile()
  zip.addBuffer(Buffer.from('{"question":{"$file":"dot.png"},"answer":"a dot"}\n'), 'items.jsonl')
  zip.addBuffer(Buffer.from(dot, 'base64'), 'dot.png')
  zip.end()
  const choose = (content: Buffer) =>
    page.getByLabel('File to import').setInputFiles({ name: 'dots.zip', mimeType: 'application/zip', buffer: content })
  const content = await buffer(zip.outputStream)
  await choose(content.subarray(0, -40))
  await expect.poll(() => dialog().getByRole('alert').textContent()).toContain('a complete ZIP')
  await dialog().getByRole('button', { name: 'Cancel' }).click()
  await choose(content)
  await select('question becomes', 'Input')
  await select('answer becomes', 'Expected output')
  await expect
    .poll(() => page.getByRole('table', { name: 'The first items' }).getByRole('row').allTextContents())
    .toContainEqual(expect.stringContaining('dot.png'))
  expect(await t.db.prisma.attachment.count()).toBe(0)
  await dialog().getByRole('button', { name: 'Import' }).click()
  await expect.poll(rowCount).toBe('5')
  await row(4).click()
  const image = dialog().getByRole('region', { name: 'Input' }).locator('img')
  await expect.poll(() => image.evaluate((element) => (element as HTMLImageElement).naturalWidth)).toBe(1)
  await page.keyboard.press('Escape')
  await visitor.go('/datasets?folder=math')
})

test.skipIf(!browserPath)(
  'a list of 30,000 items can be entered anywhere, searched, and walked through by keyboard',
  async () => {
    const lines = Array.from({ length: 30_000 }, (_, n) => `{"input":"question ${n}","key":"k${n}"}`).join('\n')
    await fetch(`${t.url}/import/long`, { method: 'POST', body: lines })
    const { id } = await t.db.prisma.dataset.findFirstOrThrow({ where: { name: 'long' } })
    await visitor.go(`/datasets/${Buffer.from(`Dataset:${id}`).toString('base64url')}`)
    await expect.poll(rowCount).toBe('30001')
    await grid().evaluate((element) => {
      element.scrollTop = element.scrollHeight
    })
    await expect.poll(() => grid().textContent()).toContain('question 29999')
    await page.keyboard.press('/')
    await page.keyboard.type('question 1234')
    await expect.poll(rowCount).toBe('12')
    await expect.poll(() => page.getByText('11 items').count()).toBe(1)
    await grid().focus()
    await page.keyboard.press('End')
    await page.keyboard.press('Enter')
    await expect.poll(() => dialog().textContent()).toContain('question 12349')
    await grid().focus()
    await page.keyboard.press('k')
    await expect.poll(() => dialog().textContent()).toContain('question 12348')
    expect(page.url()).toContain('item=')
    await page.setViewportSize({ width: 360, height: 740 })
    await visitor.expectAccessible()
    await page.setViewportSize({ width: 1440, height: 900 })
  },
)

test.skipIf(!browserPath)('no page complained or asked another server', () => {
  // The browser itself tells of the file that was refused.
  expect(visitor.complaints.filter((text) => !text.includes('422'))).toEqual([])
})

/** Somebody in front of the pages: a browser that notes everything that a page must not do. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import { launchBrowser } from '../helpers/browser.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** How long a page may be in change, in milliseconds. */
const patience = 20_000

export interface Visitor extends AsyncDisposable {
  page: Page
  /** Errors in the console and requests to other servers. */
  complaints: string[]
  go(path: string): Promise<void>
  button(name: string | RegExp): Locator
  /** What axe says of the page in these themes. */
  inaccessible(schemes: readonly ('light' | 'dark')[]): Promise<string[]>
  /** Nothing in both themes, and that the page is not wider than the screen. */
  expectAccessible(): Promise<void>
  /** A sentence if the page is wider than the screen. */
  wider(): Promise<string[]>
}

export async function visit(url: string): Promise<Visitor> {
  const browser: Browser = await launchBrowser()
  // The policy of the pages forbids scripts of others, such as that which examines them.
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, bypassCSP: true })
  const page = await context.newPage()
  const complaints: string[] = []
  await page.route('**/*', (route) => {
    const asked = route.request().url()
    if (asked.startsWith(`${url}/`) || /^(data|blob):/.test(asked)) return route.continue()
    complaints.push(`request to ${asked}`)
    return route.abort()
  })
  page.on('console', (message) => {
    // A connection that a test cuts is reported by the browser itself.
    if (message.type() === 'error' && !/WebSocket|ERR_/.test(message.text())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  async function wider() {
    const pixels = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
    return pixels > 0 ? [`${page.url()} is ${pixels} px wider than the screen of ${page.viewportSize()?.width}`] : []
  }
  async function inaccessible(schemes: readonly ('light' | 'dark')[]) {
    const found: string[] = []
    for (const scheme of schemes) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
      await expect.poll(() => page.locator('html').getAttribute('data-mantine-color-scheme')).toBe(scheme)
      if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe)
      // More than once: colours fade, if only for a moment, and nothing fades before a frame is drawn.
      const end = performance.now() + patience
      let violations: string[]
      do violations = await page.evaluate(examine)
      while (violations.length > 0 && performance.now() < end)
      found.push(...violations.map((violation) => `${page.url()} ${scheme}: ${violation}`))
    }
    return found
  }
  return {
    page,
    complaints,
    go: async (path) => void (await page.goto(`${url}${path}`)),
    button: (name) => page.getByRole('button', { name }),
    inaccessible,
    async expectAccessible() {
      expect(await inaccessible(['light', 'dark'])).toEqual([])
      expect(await wider()).toEqual([])
    },
    wider,
    async [Symbol.asyncDispose]() {
      await browser.close()
    },
  }
}

async function examine() {
  const { axe } = globalThis as unknown as { axe: { run(options: object): Promise<{ violations: Violation[] }> } }
  // Like a dialog, an open menu or list of choices need not be in a landmark: it has the focus.
  const floating = [...document.querySelectorAll('[role=menu], [role=listbox]')]
  const region = { enabled: !floating.some((element) => element.checkVisibility()) }
  const { violations } = await axe.run({ rules: { region } })
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  )
}

interface Violation {
  id: string
  nodes: { html: string; failureSummary: string }[]
}

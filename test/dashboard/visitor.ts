/** Somebody in front of the pages: a browser that notes everything that a page must not do. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import { launchBrowser } from '../helpers/browser.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export interface Visitor extends AsyncDisposable {
  page: Page
  /** Errors in the console and requests to other servers. */
  complaints: string[]
  go(path: string): Promise<void>
  button(name: string | RegExp): Locator
  /** What the page says of how accessible it is, in both themes, and whether it is wider than the screen. */
  expectAccessible(): Promise<void>
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
  return {
    page,
    complaints,
    go: async (path) => void (await page.goto(`${url}${path}`)),
    button: (name) => page.getByRole('button', { name }),
    async expectAccessible() {
      for (const scheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
        await expect.poll(() => page.locator('html').getAttribute('data-mantine-color-scheme')).toBe(scheme)
        await page.evaluate(axe)
        // Not at once: colours fade, if only for a moment, and nothing fades before a frame is drawn.
        const violations = () =>
          page.evaluate(async () => {
            const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } }
            const found = await axe.run()
            return found.violations.flatMap(({ id, nodes }) =>
              nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
            )
          })
        await expect.poll(violations, { message: `${page.url()} ${scheme}`, timeout: 30_000 }).toEqual([])
      }
      const wider = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect(wider, `${page.url()} is wider than the screen`).toBeLessThanOrEqual(0)
    },
    async [Symbol.asyncDispose]() {
      await browser.close()
    },
  }
}

interface Violation {
  id: string
  nodes: { html: string; failureSummary: string }[]
}

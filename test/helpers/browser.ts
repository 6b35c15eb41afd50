/** A real browser, if the machine has one. */
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const candidates = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Null when there is none; `CHROMIUM_PATH` overrides the location. */
export const browserPath = candidates.find((path) => path !== undefined && existsSync(path)) ?? null

export const withoutBrowser = 'no Chromium on this machine: install it or set CHROMIUM_PATH'

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: browserPath ?? undefined,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
  })
}

/** A page on paper: in light colours, and with the first rows of its grids instead of those in view. */
import { useSyncExternalStore } from 'react'

/** So many rows of a grid are printed; all of them are in its file. */
export const printedRows = 200

/** How long rows may take to come, in milliseconds. */
const maxWaitMs = 5_000

let printing = false
const listeners = new Set<() => void>()

/** Whether what is shown is about to be printed. */
export function usePrinting(): boolean {
  return useSyncExternalStore(subscribe, () => printing)
}

/** Opens the dialog of the browser when the rows are there. */
export async function printPage(): Promise<void> {
  set(true)
  addEventListener('afterprint', () => set(false), { once: true })
  await drawn()
  await rowsRead()
  print()
}

/** Whoever prints from a dark page wants no dark paper. Called once. */
export function printInLight(): void {
  const { dataset } = document.documentElement
  let shown: string | undefined
  addEventListener('beforeprint', () => {
    shown = dataset.mantineColorScheme
    dataset.mantineColorScheme = 'light'
  })
  addEventListener('afterprint', () => {
    if (shown !== undefined) dataset.mantineColorScheme = shown
  })
}

function drawn(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())))
}

/** Rows that are being read are marked with `data-reading`. */
function rowsRead(): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      observer.disconnect()
      resolve()
    }
    const look = () => document.querySelector('[data-reading]') === null && end()
    const observer = new MutationObserver(look)
    const timer = setTimeout(end, maxWaitMs)
    observer.observe(document.body, { childList: true, subtree: true })
    look()
  })
}

function set(now: boolean): void {
  printing = now
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

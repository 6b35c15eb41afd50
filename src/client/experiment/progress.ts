import type { Progress, RunOptions } from './types.ts'

interface Terminal {
  isTTY?: boolean
  columns?: number
  write(text: string): unknown
}

const barWidth = 24
const minIntervalMs = 50

/** Shows the progress of an experiment as its options say; `end` leaves the final state on the screen. */
export function openProgress(
  { name, progress = true }: Pick<RunOptions, 'name' | 'progress'>,
  terminal: Terminal | undefined = (globalThis as { process?: { stderr?: Terminal } }).process?.stderr,
): { show(progress: Progress): void; end(): void } {
  if (typeof progress === 'function') return { show: progress, end: () => {} }
  if (!progress || !terminal?.isTTY) return { show: () => {}, end: () => {} }
  let last: Progress | null = null
  let drawnAt = 0
  const draw = ({ done, failed, total }: Progress) => {
    // A line that wraps could not be drawn over.
    const columns = (terminal.columns || 80) - 1
    const figures = `${done}/${total}${failed > 0 ? `, ${failed} failed` : ''}`
    const width = Math.max(0, Math.min(barWidth, columns - figures.length - 2))
    const filled = total === 0 ? width : Math.floor((width * done) / total)
    const bar = '█'.repeat(filled) + '░'.repeat(width - filled)
    const shown = name.slice(0, Math.max(0, columns - width - figures.length - 4))
    terminal.write(`\r\x1b[2K${[shown, bar, figures].filter((part) => part !== '').join('  ')}`)
    drawnAt = performance.now()
  }
  return {
    show(next) {
      last = next
      if (performance.now() - drawnAt >= minIntervalMs) draw(next)
    },
    end() {
      if (!last) return
      draw(last)
      terminal.write('\n')
    },
  }
}

/** Progress of concurrent operations: bars on a terminal; elsewhere a line for each, at once and then every few seconds. */
import { MultiBar, Presets } from 'cli-progress'
import { oneLine } from './output.ts'

interface Progress {
  /** Adds a progress line. */
  add(name: string): ProgressLine
  /** Draws the final state and leaves it on the screen. Idempotent. */
  stop(): void
}

export interface ProgressLine {
  /** `total` is null while unknown. `note` is shown next to the numbers. */
  update(done: number, total: number | null, note: string): void
}

const lineIntervalMs = 3_000

/** Shows progress on stderr, so that stdout contains only results. */
export function openProgress(out: NodeJS.WriteStream = process.stderr): Progress {
  return out.isTTY ? bars(out) : lines(out)
}

/** Beside the name, the percentage and the note. */
const widestBar = 20
const minNoteWidth = 40

function bars(out: NodeJS.WriteStream): Progress {
  const room = (out.columns || 80) - minNoteWidth
  const multi = new MultiBar(
    {
      stream: out,
      // What does not fit is cut by the terminal: a line that wraps could not be drawn over.
      format: room < widestBar ? '  {name} {percentage}% {note}' : '  {name}  {bar} {percentage}%  {note}',
      barsize: widestBar,
      fps: 20,
      hideCursor: true,
      autopadding: true,
      emptyOnZero: true,
      gracefulExit: false,
    },
    Presets.shades_classic,
  )
  let width = 0
  return {
    add(given) {
      const name = oneLine(given)
      width = Math.max(width, name.length)
      const bar = multi.create(1, 0, { name, note: '' })
      return {
        update(done, total, note) {
          // With an unknown total, only movement can be shown.
          bar.setTotal(Math.max(total ?? done + 1, 1))
          bar.update(total === 0 ? 1 : done, { name: name.padEnd(width), note })
        },
      }
    },
    stop: () => multi.stop(),
  }
}

function lines(out: NodeJS.WriteStream): Progress {
  const pending = new Map<string, string>()
  const begun = new Set<string>()
  const show = () => {
    for (const line of pending.values()) out.write(`${line}\n`)
    pending.clear()
  }
  const timer = setInterval(show, lineIntervalMs)
  return {
    add: (given) => ({
      update(done, total, note) {
        const isFirst = !begun.has(given)
        begun.add(given)
        const percent = total === null ? '' : `${Math.floor((100 * done) / Math.max(total, 1))} %, `
        pending.set(given, `${oneLine(given)}: ${percent}${note}`)
        if (isFirst) show()
      },
    }),
    stop() {
      clearInterval(timer)
      show()
    },
  }
}

/** Progress of concurrent operations: bars on a terminal; elsewhere a line for each every few seconds. */
import { MultiBar, Presets } from 'cli-progress'

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

function bars(out: NodeJS.WriteStream): Progress {
  const multi = new MultiBar(
    {
      stream: out,
      format: '  {name}  {bar} {percentage}%  {note}',
      barsize: 20,
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
    add(name) {
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
  const show = () => {
    for (const line of pending.values()) out.write(`${line}\n`)
    pending.clear()
  }
  const timer = setInterval(show, lineIntervalMs)
  return {
    add: (name) => ({
      update(done, total, note) {
        const percent = total === null ? '' : `${Math.floor((100 * done) / Math.max(total, 1))} %, `
        pending.set(name, `${name}: ${percent}${note}`)
      },
    }),
    stop() {
      clearInterval(timer)
      show()
    },
  }
}

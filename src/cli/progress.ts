/** Progress of things that happen at once: bars on a terminal; elsewhere a line for each, every few seconds. */
import { MultiBar, Presets } from 'cli-progress'

interface Progress {
  /** Adds something to watch. */
  add(name: string): ProgressLine
  /** Draws the last state and leaves it standing. Idempotent. */
  stop(): void
}

export interface ProgressLine {
  /** `total` null: nobody knows. `note` is shown beside the numbers. */
  update(done: number, total: number | null, note: string): void
}

const lineEveryMs = 3_000

/** Progress on stderr, so that stdout carries only results. */
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
          // Of an unknown total nothing can be drawn but that it goes on.
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
  const timer = setInterval(show, lineEveryMs)
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

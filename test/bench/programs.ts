/** Programs of a benchmark in processes of their own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface, type Interface } from 'node:readline'

export class Program implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  /** @param file beside this one */
  constructor(file: string, args: string[] = []) {
    this.#child = spawn(process.execPath, [`${import.meta.dirname}/${file}`, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const lines: Interface = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream })
    this.#lines = lines[Symbol.asyncIterator]()
  }

  /** The next line of its output. */
  async line(): Promise<string> {
    const { done, value } = await this.#lines.next()
    if (done) throw new Error(`${this.#child.spawnargs.join(' ').slice(0, 200)} has ended`)
    return value
  }

  /** Writes a line to its input. @returns the next line of its output */
  ask(line: string): Promise<string> {
    this.#child.stdin?.write(`${line}\n`)
    return this.line()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill()
  }
}

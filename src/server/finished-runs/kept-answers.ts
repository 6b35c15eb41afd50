import { gzip } from 'node:zlib'
import type { RunsOfProject } from '../../db/sql/run/tag-finished-runs.ts'
import { keepLast } from '../../domain/limits/keep-last.ts'
import type { Scope } from '../../domain/scope.ts'
import type { Moment } from '../change-watch.ts'

/** An answer as it is sent. */
export interface KeptAnswer {
  /** The runs that it is about. */
  runs: RunsOfProject
  tag: string
  contentType: string
  body: Buffer
  /** Null until it was asked for a second time, and while it is being compressed. */
  gzipped: Buffer | null
}

/** What a request asked, and in which scope. */
export interface AskedBefore extends Pick<Scope, 'projectId' | 'role' | 'installation'> {
  key: string
  /** When it was read last that its caller may ask it, and that the answer with this tag is the right one. */
  confirmed: { tag: string; since: Moment } | null
}

export const keptAnswersLimits = {
  /** Bytes of all answers. */
  bytes: 32 * 1024 * 1024,
  /** Bytes of one answer. */
  answerBytes: 4 * 1024 * 1024,
  /** Bytes of a request over POST. */
  questionBytes: 64 * 1024,
  /** Requests whose answers can be found before their callers are. */
  requests: 10_000,
}

/** The last used answers, limited in bytes, by what they answer; and what the last requests asked. */
export class KeptAnswers {
  /** Last used last. */
  readonly #answers = new Map<string, KeptAnswer>()
  readonly #requests = new Map<string, AskedBefore>()
  readonly #compressing = new WeakSet<KeptAnswer>()
  #bytes = 0

  get(key: string): KeptAnswer | undefined {
    const answer = this.#answers.get(key)
    if (!answer) return undefined
    this.#answers.delete(key)
    this.#answers.set(key, answer)
    return answer
  }

  /** What a request asked the last time. */
  askedBy(request: string): AskedBefore | undefined {
    return this.#requests.get(request)
  }

  remember(request: string, asked: AskedBefore): void {
    keepLast(this.#requests, request, asked, keptAnswersLimits.requests)
  }

  keep(key: string, answer: KeptAnswer): void {
    this.delete(key)
    if (answer.body.length > keptAnswersLimits.answerBytes) return
    this.#answers.set(key, answer)
    this.#bytes += answer.body.length
    this.#shrink()
  }

  /** Begins to compress an answer, which is worth it once it is given again. */
  compress(key: string, answer: KeptAnswer): void {
    if (answer.gzipped || this.#compressing.has(answer)) return
    this.#compressing.add(answer)
    gzip(answer.body, (error, gzipped) => {
      if (error || this.#answers.get(key) !== answer) return
      answer.gzipped = gzipped
      this.#bytes += gzipped.length
      this.#shrink()
    })
  }

  delete(key: string): void {
    const answer = this.#answers.get(key)
    if (answer) this.#bytes -= answer.body.length + (answer.gzipped?.length ?? 0)
    this.#answers.delete(key)
  }

  #shrink(): void {
    for (const oldest of this.#answers.keys()) {
      if (this.#bytes <= keptAnswersLimits.bytes) break
      this.delete(oldest)
    }
  }
}

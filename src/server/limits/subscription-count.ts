/** Limits open subscriptions over both transports. */
import { GraphQLError } from 'graphql'
import { tooManySubscriptions } from '../../engine/projects/quotas.ts'

export const subscriptionLimits = {
  perCaller: 2_500,
  /** In this process. */
  all: 20_000,
}

export class SubscriptionCount {
  readonly #limits: typeof subscriptionLimits
  readonly #ofCallers = new Map<string, number>()
  readonly #ofProjects = new Map<string, number>()
  #all = 0

  constructor(limits = subscriptionLimits) {
    this.#limits = { ...limits }
  }

  /** Current subscriptions. */
  get all(): number {
    return this.#all
  }

  /**
   * Counts a subscription.
   * @param project with its quota; null: any number
   * @returns a function to call when it has ended; an error if there are too many
   */
  enter(client: string, project: { id: string; quota: number | null }): (() => void) | GraphQLError {
    const { perCaller, all } = this.#limits
    const own = this.#ofCallers.get(client) ?? 0
    if (project.quota !== null && (this.#ofProjects.get(project.id) ?? 0) >= project.quota) {
      return new GraphQLError(tooManySubscriptions(project.quota), { extensions: { code: 'LIMIT' } })
    }
    if (own >= perCaller || this.#all >= all) {
      const limit =
        own >= perCaller
          ? `${perCaller.toLocaleString('en')} subscriptions of one caller`
          : `${all.toLocaleString('en')} subscriptions`
      const message = `Expected at most ${limit} at once, got one more. End some, or follow more with one.`
      return new GraphQLError(message, { extensions: { code: 'LIMIT' } })
    }
    this.#all += 1
    add(this.#ofCallers, client, 1)
    add(this.#ofProjects, project.id, 1)
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      this.#all -= 1
      add(this.#ofCallers, client, -1)
      add(this.#ofProjects, project.id, -1)
    }
  }
}

function add(counts: Map<string, number>, key: string, change: number): void {
  const count = (counts.get(key) ?? 0) + change
  if (count > 0) counts.set(key, count)
  else counts.delete(key)
}

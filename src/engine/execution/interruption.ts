/** Why calls in flight were aborted: the `reason` of the lane's AbortSignal. */
export class Interruption extends Error {
  readonly reason: 'SHUTDOWN' | 'RUN_ENDED' | 'LEASE_LOST'

  constructor(reason: Interruption['reason']) {
    super(`interrupted: ${reason}`)
    this.name = 'Interruption'
    this.reason = reason
  }
}

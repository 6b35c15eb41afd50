/** How a call ended, as far as limits are concerned. */
export interface CallOutcome {
  /** OVERLOADED: the endpoint refused the call for its load. UNUSED: no call was made. */
  kind: 'OK' | 'OVERLOADED' | 'FAILED' | 'UNUSED'
  /** The pause that the endpoint requested, in milliseconds. */
  retryAfterMs: number | null
  /** Input and output tokens; null when unknown. */
  tokens: number | null
}

/** The right to make one call of an endpoint now. */
export interface Permit {
  /** Whether the call may still start; to be checked again after waiting for anything else. */
  isValid(): boolean
  /** To be called as soon as the call has ended. Default outcome: UNUSED. Idempotent. */
  release(outcome?: CallOutcome): void
}

/** For items that need no call. */
export const noCall: Permit = { isValid: () => true, release: () => {} }

export const unused: CallOutcome = { kind: 'UNUSED', retryAfterMs: null, tokens: null }

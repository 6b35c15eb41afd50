/** How a call ended, as far as limits are concerned. */
export interface CallOutcome {
  /** OVERLOADED: the endpoint said that it cannot take so much. UNUSED: no call was made. */
  kind: 'OK' | 'OVERLOADED' | 'FAILED' | 'UNUSED'
  /** How long the endpoint asked not to be called, in milliseconds. */
  retryAfterMs: number | null
  /** Input and output tokens; null when unknown. */
  tokens: number | null
}

/** The right to make one call of an endpoint now. */
export interface Permit {
  /** Whether the call may still begin; ask again after waiting for anything else. */
  isValid(): boolean
  /** To be called as soon as the call has ended; without an outcome: UNUSED. Only the first time counts. */
  release(outcome?: CallOutcome): void
}

/** For what is done without a call. */
export const noCall: Permit = { isValid: () => true, release: () => {} }

export const unused: CallOutcome = { kind: 'UNUSED', retryAfterMs: null, tokens: null }

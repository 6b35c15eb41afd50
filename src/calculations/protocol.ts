/** What a calculator is asked. */
export interface Asked {
  /** The URL of a module that exports `calculate`. */
  module: string
  input: unknown
}

/** What it answers: that it has the module and begins, then the outcome. The error of a user has a path. */
export type Told = { begun: true } | { output: unknown } | { error: string; path?: string[] | null }

/** A value as JSON carries it. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/** Levels of a value that is stored: deeper ones exhaust the stack of a parser on their way into the database and back. */
export const maxJsonDepth = 500

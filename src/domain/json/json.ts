/** Any JSON value. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/** Maximum nesting of stored values: deeper ones overflow the stack of a parser on the way to the database and back. */
export const maxJsonDepth = 500

/** A value as JSON carries it. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

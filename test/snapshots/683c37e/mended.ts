import type { Mended } from '../snapshot.ts'

/** Figures of this version that were wrong. */
export const mended: Mended[] = []

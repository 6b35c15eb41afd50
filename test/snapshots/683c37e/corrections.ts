import type { Correction } from '../snapshot.ts'

/** Figures of this version that were wrong. */
export const corrections: Correction[] = []

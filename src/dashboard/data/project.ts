/**
 * Which project the page shows: a search parameter of every address, so that a link says it. Without one it is the
 * project of the session or key.
 */
import { useSearch } from '@tanstack/react-router'

/** Null: that of the caller. */
export function useProjectName(): string | null {
  return useSearch({ from: '__root__', select: ({ project }) => project ?? null })
}

/**
 * Which project the page shows: a search parameter of every address, so that a link says it. Without one it is the
 * project of the session or key.
 */
import { useSearch } from '@tanstack/react-router'

/** Makes the addresses of what the server serves outside of GraphQL: they name the project, too. */
export function useFileAddress(): (path: string, parameters?: Record<string, string>) => string {
  const project = useProjectName()
  return (path, parameters = {}) => {
    const search = new URLSearchParams(project === null ? parameters : { ...parameters, project })
    return search.size > 0 ? `${path}?${search}` : path
  }
}

/** Null: that of the caller. */
export function useProjectName(): string | null {
  return useSearch({ from: '__root__', select: ({ project }) => project ?? null })
}

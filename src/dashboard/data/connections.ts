/** The connections of the project that is shown: there before its pages are, so that these find what they need on its way. */
import { type Connections, connect } from './client.ts'
import { currentVisit } from './connection.ts'

let kept: { project: string | null; visit: number; connections: Connections } | null = null

/** Others after every sign-in: whoever comes next sees nothing of what was read before. @param project null: that of the caller */
export function connectionsOf(project: string | null): Connections {
  const visit = currentVisit()
  if (kept?.project !== project || kept.visit !== visit) kept = { project, visit, connections: connect(project, visit) }
  return kept.connections
}

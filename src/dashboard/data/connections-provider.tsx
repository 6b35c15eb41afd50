/** Gives the pages the connections of their project, and new ones when it changes or after signing in. */
import { createContext, type ReactNode, useContext, useState } from 'react'
import { Provider } from 'urql'
import type { Connections } from './client.ts'
import { connectionsOf } from './connections.ts'

const ConnectionsContext = createContext<Connections | null>(null)

/** Render it with a key of its own for every project and visit: connections never change theirs. */
export function ConnectionsProvider({ project, children }: { project: string | null; children: ReactNode }) {
  // Nothing to close: the socket opens with the first subscription and closes after the last one.
  const [connections] = useState(() => connectionsOf(project))
  return (
    <ConnectionsContext value={connections}>
      <Provider value={connections.urql}>{children}</Provider>
    </ConnectionsContext>
  )
}

export function useConnections(): Connections {
  const connections = useContext(ConnectionsContext)
  if (!connections) throw new Error('Expected a ConnectionsProvider above.')
  return connections
}

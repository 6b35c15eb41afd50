import { useConnection, useVisit } from '../data/connection.ts'
import { ConnectionsProvider } from '../data/connections-provider.tsx'
import { useProjectName } from '../data/project.ts'
import { Shell } from './shell.tsx'
import { SignIn } from './sign-in.tsx'

export function Root() {
  const project = useProjectName()
  const visit = useVisit()
  if (useConnection() === 'SIGNED_OUT') return <SignIn />
  return (
    <ConnectionsProvider key={`${visit} ${project}`} project={project}>
      <Shell />
    </ConnectionsProvider>
  )
}

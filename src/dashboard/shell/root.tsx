import { useConnection } from '../data/connection.ts'
import { ConnectionsProvider } from '../data/connections-provider.tsx'
import { useProjectName } from '../data/project.ts'
import { Shell } from './shell.tsx'
import { SignIn } from './sign-in.tsx'

export function Root() {
  const project = useProjectName()
  if (useConnection() === 'SIGNED_OUT') return <SignIn />
  return (
    <ConnectionsProvider key={project} project={project}>
      <Shell />
    </ConnectionsProvider>
  )
}

import { EmptyState } from '../components/empty-state.tsx'
import { LinkButton } from '../components/link-button.tsx'

export function NotFound() {
  return (
    <EmptyState
      order={1}
      title="There is no such page"
      message="The address may be of something that was deleted, or mistyped."
    >
      <LinkButton to="/" variant="default">
        Go to the start
      </LinkButton>
    </EmptyState>
  )
}

import { IconScale } from '@tabler/icons-react'
import { LinkButton } from '../../components/link-button.tsx'

interface Props {
  /** Ids of runs, in the order in which they were selected. */
  selected: readonly string[]
  /** Id of the approved baseline of their dataset. */
  baselineId: string | undefined
}

/** Compares the selected runs. */
export function CompareButton({ selected, baselineId }: Props) {
  const comparison = comparisonOf(selected, baselineId)
  return (
    <LinkButton
      to="/compare"
      search={comparison ?? {}}
      size="xs"
      leftSection={<IconScale size={14} aria-hidden />}
      disabled={comparison === null}
    >
      Compare {selected.length > 0 && `(${selected.length})`}
    </LinkButton>
  )
}

/** With the approved baseline if it is selected, or if there is only one other run; else with the first that was selected. */
function comparisonOf(selected: readonly string[], approved: string | undefined) {
  const others = selected.filter((id) => id !== approved)
  if (approved !== undefined && (others.length < selected.length || others.length === 1)) {
    return others.length === 0 ? null : { baseline: approved, runs: others }
  }
  const [baseline, ...runs] = selected
  return baseline === undefined || runs.length === 0 ? null : { baseline, runs }
}

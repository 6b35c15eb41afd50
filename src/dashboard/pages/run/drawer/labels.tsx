/** A person's own score for the item, set by a click or a number key. */
import { Autocomplete } from '@mantine/core'
import { LabelButtons } from '../../../components/labels/label-buttons.tsx'
import { useLabelChoices } from '../../../components/labels/label-choices.ts'
import { defaultLabel, useLabels } from '../../../components/labels/use-labels.ts'
import type { RunPageRun } from '../run-query.ts'
import classes from './item-drawer.module.css'
import type { DetailedItem } from './item-query.ts'

interface Props {
  run: RunPageRun
  item: DetailedItem
  name: string | undefined
  onName: (name: string) => void
  onChanged: () => void
}

export function Labels({ run, item, name = defaultLabel, onName, onChanged }: Props) {
  const { choices, names } = useLabelChoices(run.stats.scores, name)
  const { own, label, unlabel } = useLabels(item, name)
  return (
    <section aria-label="Label">
      <h3>Label</h3>
      <div className={classes.labels}>
        <Autocomplete
          size="xs"
          w={170}
          aria-label="Name of the label"
          value={name}
          onChange={(value) => value.trim() && onName(value.trim())}
          data={[...new Set([defaultLabel, ...names])]}
        />
        <LabelButtons
          key={item.id}
          choices={choices}
          own={own}
          onLabel={async (choice) => {
            if (await label(choice)) onChanged()
          }}
          onUnlabel={async () => {
            if (await unlabel()) onChanged()
          }}
        />
      </div>
    </section>
  )
}

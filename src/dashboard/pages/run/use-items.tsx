/** What can be done with items of a run: copy them to a dataset, tag them, take their outputs as expected. */
import { Modal } from '@mantine/core'
import { plural } from '../../components/number-format.ts'
import { CopyForm, TagForm } from '../dataset/selection-forms.tsx'
import type { ItemUse, UsedItem } from './item-use.ts'
import type { RunPageRun } from './run-query.ts'
import { TakeAsExpected } from './take-as-expected.tsx'

interface Props {
  run: RunPageRun
  items: readonly UsedItem[]
  /** Null: nothing is asked. */
  use: ItemUse | null
  onClose: () => void
}

export default function UseItems({ run, items, use, onClose }: Props) {
  const itemIds = [...new Set(items.map(({ datasetItem }) => datasetItem.id))]
  const words = plural(itemIds.length, 'item')
  return (
    <>
      <Modal opened={use === 'COPY'} onClose={onClose} title={`Copy ${words}`}>
        <CopyForm dataset={run.dataset} version={run.datasetVersion} items={{ itemIds }} onDone={onClose} />
      </Modal>
      <Modal opened={use === 'TAG'} onClose={onClose} title={`Tag ${words}`}>
        <TagForm dataset={run.dataset} items={{ itemIds }} onDone={onClose} />
      </Modal>
      <Modal opened={use === 'EXPECT'} onClose={onClose} title={`Take ${plural(items.length, 'output')} as expected`}>
        <TakeAsExpected dataset={run.dataset} ids={items.map(({ id }) => id)} onDone={onClose} />
      </Modal>
    </>
  )
}

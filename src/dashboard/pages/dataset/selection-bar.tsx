/** What can be done with the items that are selected. */
import { Button, Modal, Stack, Text } from '@mantine/core'
import { IconArchive, IconCopy, IconRestore, IconTag } from '@tabler/icons-react'
import { useState } from 'react'
import { useMutation } from 'urql'
import { formatCount, plural } from '../../components/number-format.ts'
import { notifyOf } from '../../data/mutate.ts'
import { graphql } from '../../gql/gql.ts'
import type { DatasetItemSelection } from '../../gql/graphql.ts'
import type { DatasetPageDataset } from './dataset-query.ts'
import { type DatasetSearch, itemFilter } from './dataset-search.ts'
import classes from './items.module.css'
import { restoreItems } from './restore-items.ts'
import { CopyForm, TagForm } from './selection-forms.tsx'

/** Some items, or all that are shown. */
export type Selection = { ids: ReadonlySet<string> } | { all: true }

const archiveItems = graphql(`
  mutation ArchiveDatasetItems($input: ArchiveDatasetItemsInput!) {
    archiveDatasetItems(input: $input) {
      __typename
      ... on ArchiveDatasetItemsPayload { archived dataset { id version itemCount tags { tag count } } }
      ... on UserError { message path }
    }
  }
`)

interface Props {
  dataset: DatasetPageDataset
  search: DatasetSearch
  selection: Selection
  total: { count: number; atLeast: boolean } | null
  onClear: () => void
  onChanged: () => void
}

export function SelectionBar({ dataset, search, selection, total, onClear, onChanged }: Props) {
  const [asking, setAsking] = useState<'COPY' | 'TAG' | 'ARCHIVE' | null>(null)
  const [restoring, restore] = useMutation(restoreItems)
  const close = () => setAsking(null)
  const isAll = 'all' in selection
  const items: DatasetItemSelection = isAll ? { filter: itemFilter(search) ?? {} } : { itemIds: [...selection.ids] }
  const isPast = search.version !== undefined && search.version !== dataset.version
  const words = isAll
    ? `All ${total === null ? '' : `${formatCount(total.count)}${total.atLeast ? ' or more' : ''} `}items that are shown`
    : plural(selection.ids.size, 'item')
  const done = () => {
    close()
    onClear()
    onChanged()
  }

  return (
    <section className={classes.selection} aria-label="Selected items">
      <strong>{words}</strong>
      {search.archived ? (
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconRestore size={14} />}
          loading={restoring.fetching}
          onClick={async () => {
            const itemIds = isAll ? [] : [...selection.ids]
            const result = await restore({ input: { datasetId: dataset.id, itemIds } })
            if (notifyOf(result, `${plural(itemIds.length, 'item')} restored.`)) done()
          }}
        >
          Restore
        </Button>
      ) : (
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconCopy size={14} />}
          onClick={() => setAsking('COPY')}
        >
          Copy to a dataset
        </Button>
      )}
      {!isPast && !search.archived && (
        <>
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconTag size={14} />}
            onClick={() => setAsking('TAG')}
          >
            Tag
          </Button>
          {!isAll && (
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<IconArchive size={14} />}
              onClick={() => setAsking('ARCHIVE')}
            >
              Archive
            </Button>
          )}
        </>
      )}
      <Button size="compact-sm" variant="subtle" onClick={onClear}>
        Select nothing
      </Button>
      <Modal opened={asking === 'COPY'} onClose={close} title={`Copy ${words.toLowerCase()}`}>
        <CopyForm dataset={dataset} version={search.version} items={items} onDone={done} />
      </Modal>
      <Modal opened={asking === 'TAG'} onClose={close} title={`Tag ${words.toLowerCase()}`}>
        <TagForm dataset={dataset} items={items} onDone={done} />
      </Modal>
      <Modal opened={asking === 'ARCHIVE'} onClose={close} title={`Archive ${words.toLowerCase()}?`}>
        <ArchiveForm dataset={dataset} items={items} onDone={done} />
      </Modal>
    </section>
  )
}

function ArchiveForm({
  dataset,
  items,
  onDone,
}: {
  dataset: DatasetPageDataset
  items: DatasetItemSelection
  onDone: () => void
}) {
  const [archiving, archive] = useMutation(archiveItems)
  const itemIds = items.itemIds ?? []
  return (
    <Stack>
      <Text size="sm">
        They are not in the next version of the dataset. Earlier versions and their runs keep them, and each can be
        restored.
      </Text>
      <Button
        color="red"
        loading={archiving.fetching}
        onClick={async () => {
          const result = await archive({ input: { datasetId: dataset.id, itemIds } })
          if (notifyOf(result, `${plural(itemIds.length, 'item')} archived.`)) onDone()
        }}
      >
        Archive
      </Button>
    </Stack>
  )
}

/** One item without losing the place in the list: its content, how it changed, and its latest executions; or a new one. */
import { Button, Group, Text } from '@mantine/core'
import { IconPencil, IconRestore } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useMutation, useQuery } from 'urql'
import { Age } from '../../../components/age.tsx'
import { Answer } from '../../../components/answer.tsx'
import classes from '../../../components/item-frame.module.css'
import { ItemFrame, ItemSkeleton } from '../../../components/item-frame.tsx'
import { formatDuration } from '../../../components/number-format.ts'
import { ValueView } from '../../../components/value-view.tsx'
import { notifyOf } from '../../../data/mutate.ts'
import { graphql } from '../../../gql/gql.ts'
import type { DatasetItemDetailQuery } from '../../../gql/graphql.ts'
import { type Shortcut, useShortcuts } from '../../../keyboard/shortcuts.ts'
import { ContentDiff } from '../content-diff.tsx'
import type { DatasetPageDataset } from '../dataset-query.ts'
import { restoreItems } from '../restore-items.ts'
import own from './item-drawer.module.css'
import { ItemForm } from './item-form.tsx'

const itemQuery = graphql(`
  query DatasetItemDetail($id: ID!) {
    node(id: $id) {
      id
      ... on DatasetItem {
        key
        archived
        createdAt
        revisions(first: 50) {
          nodes { id input expectedOutput metadata tags validFrom validTo createdAt }
        }
        runItems(first: 10) {
          nodes { id status output latencyMs error { code message } run { id name } }
        }
      }
    }
  }
`)

type DetailedItem = Extract<NonNullable<DatasetItemDetailQuery['node']>, { archived: boolean }>

interface Props {
  dataset: DatasetPageDataset
  /** The version that the list shows. */
  version: number
  /** `new`: an empty form. */
  itemId: string
  /** Where it is in the list; null if it is not in it (yet). */
  place: { index: number; count: number } | null
  onStep: (by: number) => void
  onClose: () => void
  onSaved: (id: string) => void
}

export function ItemDrawer({ dataset, version, itemId, place, onStep, onClose, onSaved }: Props) {
  const isNew = itemId === 'new'
  return (
    <ItemFrame title={isNew ? 'New item' : undefined} place={place} width={720} onStep={onStep} onClose={onClose}>
      {isNew ? (
        <ItemForm dataset={dataset} item={null} onSaved={onSaved} onCancel={onClose} />
      ) : (
        <Existing key={itemId} dataset={dataset} version={version} itemId={itemId} onSaved={onSaved} />
      )}
    </ItemFrame>
  )
}

function Existing({ dataset, version, itemId, onSaved }: Omit<Props, 'place' | 'onStep' | 'onClose'>) {
  const [result, reread] = useQuery({ query: itemQuery, variables: { id: itemId } })
  return (
    <Answer of={result} retry={reread} skeleton={<ItemSkeleton />}>
      {({ node }) =>
        node && 'archived' in node ? (
          <Detail
            dataset={dataset}
            version={version}
            item={node}
            onSaved={() => {
              reread({ requestPolicy: 'network-only' })
              onSaved(itemId)
            }}
          />
        ) : (
          <Text c="dimmed">This item does not exist any more.</Text>
        )
      }
    </Answer>
  )
}

const keys: readonly Shortcut[] = [{ key: 'e', label: 'Edit the item' }]

interface DetailProps {
  dataset: DatasetPageDataset
  version: number
  item: DetailedItem
  onSaved: () => void
}

function Detail({ dataset, version, item, onSaved }: DetailProps) {
  const [editing, setEditing] = useState(false)
  const [, restore] = useMutation(restoreItems)
  useShortcuts(keys, (_key, event) => {
    event.preventDefault()
    setEditing(true)
  })
  const revisions = item.revisions?.nodes ?? []
  const shown = revisions.find(
    ({ validFrom, validTo }) => validFrom <= version && (validTo == null || validTo > version),
  )
  const revision = shown ?? revisions[0]
  if (!revision) return null
  if (editing) {
    return (
      <ItemForm
        dataset={dataset}
        item={{ ...revision, id: item.id, key: item.key ?? null }}
        onCancel={() => setEditing(false)}
        onSaved={() => {
          setEditing(false)
          onSaved()
        }}
      />
    )
  }
  return (
    <div className={classes.detail}>
      <Group gap={8} data-no-print>
        {item.archived ? (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconRestore size={15} aria-hidden />}
            onClick={async () => {
              const input = { datasetId: dataset.id, itemIds: [item.id] }
              if (notifyOf(await restore({ input }), 'The item is in the dataset again.')) onSaved()
            }}
          >
            Restore
          </Button>
        ) : (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPencil size={15} aria-hidden />}
            onClick={() => setEditing(true)}
          >
            Edit
          </Button>
        )}
        {item.archived && <span className={own.archived}>Archived: not in the current version</span>}
      </Group>
      <section aria-label="Input">
        <h3>Input</h3>
        <ValueView value={revision.input} />
      </section>
      <section aria-label="Expected output">
        <h3>Expected output</h3>
        <ValueView value={revision.expectedOutput} nothing="none" />
      </section>
      <section aria-label="About">
        <h3>About</h3>
        <dl className={classes.facts}>
          <dt>Key</dt>
          <dd className="mono">{item.key ?? '–'}</dd>
          <dt>Tags</dt>
          <dd>{revision.tags.length > 0 ? revision.tags.join(', ') : '–'}</dd>
          <dt>Metadata</dt>
          <dd>
            <ValueView value={revision.metadata} nothing="–" />
          </dd>
          <dt>Added</dt>
          <dd>
            <Age of={item.createdAt} />
          </dd>
        </dl>
      </section>
      {revisions.length > 1 && <Revisions revisions={revisions} shown={revision.id} />}
      {(item.runItems?.nodes.length ?? 0) > 0 && (
        <section aria-label="Latest executions">
          <h3>Latest executions</h3>
          <table className={classes.table}>
            <thead>
              <tr>
                <th>Run</th>
                <th>Output</th>
                <th>Latency</th>
              </tr>
            </thead>
            <tbody>
              {item.runItems?.nodes.map(({ id, run, status, output, error, latencyMs }) => (
                <tr key={id}>
                  <td>
                    <Link to="/runs/$runId" params={{ runId: run.id }} search={{ item: id }}>
                      {run.name}
                    </Link>
                  </td>
                  <td>
                    {status === 'SUCCEEDED' ? <ValueView value={output} /> : (error?.message ?? status.toLowerCase())}
                  </td>
                  <td>{formatDuration(latencyMs)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </div>
  )
}

interface RevisionsProps {
  /** Newest first. */
  revisions: NonNullable<DetailedItem['revisions']>['nodes']
  shown: string
}

/** How the item became what it is. */
function Revisions({ revisions, shown }: RevisionsProps) {
  const [opened, setOpened] = useState<string | null>(null)
  return (
    <section aria-label="History">
      <h3>History</h3>
      <ol className={own.history}>
        {revisions.map((revision, index) => {
          const before = revisions[index + 1]
          return (
            <li key={revision.id}>
              <div className={own.change}>
                <span>
                  Version {revision.validFrom}
                  {revision.id === shown && ' (shown)'}
                </span>
                <span className={classes.faint}>
                  {before ? 'changed' : 'added'} <Age of={revision.createdAt} />
                </span>
                {before && (
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    aria-expanded={opened === revision.id}
                    onClick={() => setOpened(opened === revision.id ? null : revision.id)}
                  >
                    What changed
                  </Button>
                )}
              </div>
              {before && opened === revision.id && <ContentDiff before={before} after={revision} />}
            </li>
          )
        })}
      </ol>
    </section>
  )
}

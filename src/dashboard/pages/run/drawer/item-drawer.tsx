/** One item without losing the place in the list: what went in, what came out here and elsewhere, and how it was scored. */
import { ActionIcon, Drawer, Group, Skeleton, Text } from '@mantine/core'
import { IconChevronDown, IconChevronUp, IconExternalLink } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { useQuery } from 'urql'
import { Answer } from '../../../components/answer.tsx'
import { formatCost, formatCount, formatDuration } from '../../../components/number-format.ts'
import { ValueView } from '../../../components/value-view.tsx'
import { type RowStore, useRow } from '../../../data/row-store.ts'
import type { RunItemRowFragment } from '../../../gql/graphql.ts'
import { type Shortcut, useShortcuts } from '../../../keyboard/shortcuts.ts'
import type { RunPageRun } from '../run-query.ts'
import classes from './item-drawer.module.css'
import { ItemHistory } from './item-history.tsx'
import { type DetailedItem, itemQuery } from './item-query.ts'
import { Labels } from './labels.tsx'
import { Outputs } from './outputs.tsx'
import { Scores } from './scores.tsx'

interface Props {
  run: RunPageRun
  itemId: string
  store: RowStore<RunItemRowFragment>
  baselineId: string | null
  /** Where it is in the list; null if it is not in it (yet). */
  place: { index: number; count: number } | null
  /** Name of the score that number keys set. */
  label: string | undefined
  onStep: (by: number) => void
  onLabel: (name: string) => void
  onClose: () => void
}

const keys: readonly Shortcut[] = [
  { key: 'h', label: 'Compare with the newer run' },
  { key: 'l', label: 'Compare with the older run' },
]

export function ItemDrawer({ run, itemId, store, baselineId, place, label, onStep, onLabel, onClose }: Props) {
  const [result, reread] = useQuery({ query: itemQuery, variables: { id: itemId } })
  const version = useRow(store, itemId)?.version ?? 0
  useEffect(() => {
    if (version > 0) reread({ requestPolicy: 'network-only' })
  }, [version, reread])

  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="min(760px, 100vw)"
      withOverlay={false}
      lockScroll={false}
      trapFocus={false}
      transitionProps={{ duration: 120 }}
      title={
        <Group gap={8} wrap="nowrap">
          <span>{place ? `Item ${formatCount(place.index + 1)} of ${formatCount(place.count)}` : 'Item'}</span>
          <ActionIcon variant="default" size="sm" onClick={() => onStep(-1)} aria-label="Previous item">
            <IconChevronUp size={15} />
          </ActionIcon>
          <ActionIcon variant="default" size="sm" onClick={() => onStep(1)} aria-label="Next item">
            <IconChevronDown size={15} />
          </ActionIcon>
        </Group>
      }
      closeButtonProps={{ 'aria-label': 'Close the item' }}
      classNames={{ content: classes.content, header: classes.header, body: classes.body, title: classes.title }}
    >
      <Answer of={result} retry={reread} skeleton={<DrawerSkeleton />}>
        {({ node }) =>
          node && 'position' in node ? (
            <Detail
              key={node.id}
              run={run}
              item={node}
              baselineId={baselineId}
              label={label}
              onLabel={onLabel}
              onChanged={() => reread({ requestPolicy: 'network-only' })}
            />
          ) : (
            <Text c="dimmed">This item does not exist any more.</Text>
          )
        }
      </Answer>
    </Drawer>
  )
}

interface DetailProps {
  run: RunPageRun
  item: DetailedItem
  baselineId: string | null
  label: string | undefined
  onLabel: (name: string) => void
  onChanged: () => void
}

function Detail({ run, item, baselineId, label, onLabel, onChanged }: DetailProps) {
  const executions = item.datasetItem.runItems?.nodes ?? []
  const others = executions.filter((other) => other.run.id !== run.id && other.repetition === item.repetition)
  const repetitions = executions.filter((other) => other.run.id === run.id)
  const [otherId, setOtherId] = useState<string | null>(
    () => others.find((other) => other.run.id === baselineId)?.id ?? null,
  )
  const index = others.findIndex(({ id }) => id === otherId)
  useShortcuts(keys, (key) => {
    const next = others[Math.max(0, Math.min(others.length - 1, key === 'l' ? index + 1 : index - 1))]
    if (next) setOtherId(next.id)
  })
  const other = others[index] ?? null

  return (
    <div className={classes.detail}>
      <section aria-label="Input">
        <h3>Input</h3>
        <ValueView value={item.input} />
      </section>
      {item.expectedOutput !== null && (
        <section aria-label="Expected output">
          <h3>Expected</h3>
          <ValueView value={item.expectedOutput} />
        </section>
      )}
      <Outputs item={item} other={other} others={others} repetitions={repetitions} onOther={setOtherId} />
      <Scores scores={item.scores} other={other} />
      <Labels run={run} item={item} name={label} onName={onLabel} onChanged={onChanged} />
      {executions.length > 1 && (
        <ItemHistory run={run} executions={executions} otherId={otherId} onOther={setOtherId} />
      )}
      <section aria-label="Execution">
        <h3>Execution</h3>
        <dl className={classes.facts}>
          <dt>Latency</dt>
          <dd>{formatDuration(item.latencyMs)}</dd>
          <dt>Cost</dt>
          <dd>{item.costUsd === null ? 'unknown' : formatCost(item.costUsd)}</dd>
          <dt>Tokens</dt>
          <dd>
            {item.inputTokens === null && item.outputTokens === null
              ? 'unknown'
              : `${formatCount(item.inputTokens ?? 0)} in, ${formatCount(item.outputTokens ?? 0)} out`}
          </dd>
          <dt>Attempts</dt>
          <dd>{item.attempts}</dd>
          {item.cached && (
            <>
              <dt>Cache</dt>
              <dd>the output was taken from the response cache</dd>
            </>
          )}
          {item.datasetItem.key !== null && (
            <>
              <dt>Key</dt>
              <dd className="mono">{item.datasetItem.key}</dd>
            </>
          )}
          {item.revision.tags.length > 0 && (
            <>
              <dt>Tags</dt>
              <dd>{item.revision.tags.join(', ')}</dd>
            </>
          )}
          {item.revision.metadata !== null && (
            <>
              <dt>Metadata</dt>
              <dd>
                <ValueView value={item.revision.metadata} />
              </dd>
            </>
          )}
          {item.traceId !== null && (
            <>
              <dt>Trace</dt>
              <dd className="mono">
                {item.traceUrl ? (
                  <a href={item.traceUrl} target="_blank" rel="noreferrer">
                    {item.traceId} <IconExternalLink size={13} aria-hidden />
                  </a>
                ) : (
                  item.traceId
                )}
              </dd>
            </>
          )}
        </dl>
      </section>
    </div>
  )
}

function DrawerSkeleton() {
  return (
    <div aria-hidden>
      <Skeleton height={60} mb={14} />
      <Skeleton height={120} mb={14} />
      <Skeleton height={90} />
    </div>
  )
}

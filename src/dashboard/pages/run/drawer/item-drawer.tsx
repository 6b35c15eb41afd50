/** One item without losing the place in the list: what went in, what came out here and elsewhere, and how it was scored. */
import { Text } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useQuery } from 'urql'
import { Answer } from '../../../components/answer.tsx'
import classes from '../../../components/item-frame.module.css'
import { ItemFrame, ItemSkeleton } from '../../../components/item-frame.tsx'
import { ValueView } from '../../../components/value-view.tsx'
import { type RowStore, useRow } from '../../../data/row-store.ts'
import type { RunItemRowFragment } from '../../../gql/graphql.ts'
import { type Shortcut, useShortcuts } from '../../../keyboard/shortcuts.ts'
import type { RunPageRun } from '../run-query.ts'
import { ExecutionFacts } from './execution-facts.tsx'
import { ItemActions } from './item-actions.tsx'
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

export default function ItemDrawer({ run, itemId, store, baselineId, place, label, onStep, onLabel, onClose }: Props) {
  const [result, reread] = useQuery({ query: itemQuery, variables: { id: itemId } })
  const version = useRow(store, itemId)?.version ?? 0
  useEffect(() => {
    if (version > 0) reread({ requestPolicy: 'network-only' })
  }, [version, reread])

  return (
    <ItemFrame place={place} width={760} onStep={onStep} onClose={onClose}>
      <Answer of={result} retry={reread} skeleton={<ItemSkeleton />}>
        {({ node }) =>
          // What is shown of the item before must not be labelled in place of this one.
          node && node.id !== itemId ? (
            <ItemSkeleton />
          ) : node && 'position' in node ? (
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
    </ItemFrame>
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
      <ItemActions run={run} item={item} />
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
      <Outputs run={run} item={item} other={other} others={others} repetitions={repetitions} onOther={setOtherId} />
      <Scores scores={item.scores} other={other} />
      <Labels run={run} item={item} name={label} onName={onLabel} onChanged={onChanged} />
      {executions.length > 1 && (
        <ItemHistory run={run} executions={executions} otherId={otherId} onOther={setOtherId} />
      )}
      <ExecutionFacts item={item} />
    </div>
  )
}

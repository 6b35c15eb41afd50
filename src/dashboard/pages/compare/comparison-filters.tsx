import { Button, Pill, Switch, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { MetadataButton } from '../../components/metadata-filter/metadata-button.tsx'
import { MetadataPills } from '../../components/metadata-filter/metadata-pills.tsx'
import { titleOfRun } from '../../components/run-name.ts'
import { nameOf } from '../../components/verdict.ts'
import { ViewMenu } from '../../components/view-menu.tsx'
import { useConnections } from '../../data/connections-provider.tsx'
import { metadataOfRun } from '../../data/sample-metadata.ts'
import type { MetricFiguresFragment } from '../../gql/graphql.ts'
import { itemParts } from './aligned-row.tsx'
import classes from './compare-page.module.css'
import type { ComparedRun } from './compare-query.ts'
import { type CompareMetric, type CompareSearch, isFiltered, isSame, metricInput } from './compare-search.ts'

/** What removes every filter, and the order that goes with a filter by change. */
export const noFilters: Partial<CompareSearch> = {
  q: undefined,
  tags: undefined,
  metadata: undefined,
  change: undefined,
  differ: undefined,
  failedInOne: undefined,
  sort: undefined,
  scatter: undefined,
}

interface Props {
  baseline: ComparedRun
  candidates: readonly ComparedRun[]
  metrics: readonly MetricFiguresFragment[] | null
  search: CompareSearch
  onSearch: (now: Partial<CompareSearch>, options?: { replace?: boolean }) => void
}

export function ComparisonFilters({ baseline, candidates, metrics, search, onSearch }: Props) {
  const { rows: client } = useConnections()
  const [q, setQ] = useState(search.q ?? '')
  useEffect(() => setQ(search.q ?? ''), [search.q])
  const searchLater = useDebouncedCallback((text: string) => onSearch({ q: text || undefined }, { replace: true }), 300)
  const first = metrics
    ?.filter(({ metric }) => metric.kind === 'SCORE')
    .reduce<MetricFiguresFragment | null>((most, one) => (one.regressed > (most?.regressed ?? 0) ? one : most), null)
  const regressed = first ? metricInput(first.metric) : null
  const isRegressed = search.change?.is === 'REGRESSED'
  return (
    <div className={classes.bar} data-print="pills">
      <TextInput
        size="xs"
        w={210}
        aria-label="Search in input, expected output, outputs and errors"
        placeholder="Search"
        leftSection={<IconSearch size={14} aria-hidden />}
        value={q}
        onChange={(event) => {
          setQ(event.currentTarget.value)
          searchLater(event.currentTarget.value.trim())
        }}
      />
      {regressed && first && (
        <Button
          size="xs"
          variant={isRegressed ? 'filled' : 'default'}
          aria-pressed={isRegressed}
          onClick={() =>
            onSearch(
              isRegressed
                ? { change: undefined, sort: undefined }
                : { change: { metric: regressed, is: 'REGRESSED' }, sort: { by: 'REGRESSION', metric: regressed } },
            )
          }
        >
          Only regressed by {nameOf(first.metric)}
        </Button>
      )}
      <Button
        size="xs"
        variant={search.differ ? 'filled' : 'default'}
        aria-pressed={search.differ ?? false}
        onClick={() => onSearch({ differ: search.differ ? undefined : true })}
      >
        Different outputs
      </Button>
      <Button
        size="xs"
        variant={search.failedInOne ? 'filled' : 'default'}
        aria-pressed={search.failedInOne ?? false}
        onClick={() => onSearch({ failedInOne: search.failedInOne ? undefined : true })}
      >
        Failed in one
      </Button>
      <MetadataButton
        value={search.metadata}
        load={() => metadataOfRun(client, baseline.id)}
        onChange={(metadata) => onSearch({ metadata })}
      />
      {isFiltered(search) && (
        <div className={classes.pills} data-pills>
          {search.change && (
            <Removable
              text={`${nameIn(metrics, search.change.metric)} ${search.change.is.toLowerCase()}${inRun(candidates, search.change.run)}`}
              onRemove={() => onSearch({ change: undefined, sort: undefined })}
            />
          )}
          {search.scatter?.x && (
            <Removable
              text="brushed points"
              onRemove={() =>
                onSearch({ scatter: search.scatter && { metric: search.scatter.metric, run: search.scatter.run } })
              }
            />
          )}
          <MetadataPills value={search.metadata} onChange={(metadata) => onSearch({ metadata })} />
          {(search.tags ?? []).map((tag) => (
            <Removable
              key={tag}
              text={`tag ${tag}`}
              onRemove={() => {
                const tags = (search.tags ?? []).filter((other) => other !== tag)
                onSearch({ tags: tags.length > 0 ? tags : undefined })
              }}
            />
          ))}
          <Button size="compact-xs" variant="subtle" onClick={() => onSearch(noFilters)}>
            Remove all
          </Button>
        </div>
      )}
      <span className={classes.spacer} />
      <ViewMenu columns={itemParts} hidden={search.hide} onHide={(hide) => onSearch({ hide }, { replace: true })} />
      <Switch
        size="sm"
        label="Show what changed"
        checked={search.diff ?? false}
        onChange={(event) => onSearch({ diff: event.currentTarget.checked || undefined }, { replace: true })}
      />
    </div>
  )
}

function Removable({ text, onRemove }: { text: string; onRemove: () => void }) {
  return (
    <Pill
      withRemoveButton
      onRemove={onRemove}
      removeButtonProps={{ 'aria-label': `Remove the filter: ${text}`, 'aria-hidden': false, tabIndex: 0 }}
    >
      {text}
    </Pill>
  )
}

function nameIn(metrics: readonly MetricFiguresFragment[] | null, metric: CompareMetric): string {
  const found = metrics?.find((one) => isSame(metricInput(one.metric), metric))
  return found ? nameOf(found.metric) : 'score' in metric ? metric.score.name : 'latency' in metric ? 'latency' : 'cost'
}

function inRun(candidates: readonly ComparedRun[], id: string | undefined): string {
  const run = candidates.length > 1 ? candidates.find((candidate) => candidate.id === id) : undefined
  return run ? ` in ${titleOfRun(run.name)}` : ''
}

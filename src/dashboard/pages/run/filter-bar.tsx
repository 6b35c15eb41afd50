/** What narrows the items down, with everything that is narrowed now as a pill that removes it. */
import { Button, Menu, Pill, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { IconFilter, IconSearch } from '@tabler/icons-react'
import { memo, type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
import { DensityChoices } from '../../components/density-choices.tsx'
import { MetadataButton } from '../../components/metadata-filter/metadata-button.tsx'
import { formatCount } from '../../components/number-format.ts'
import { useSame } from '../../components/use-same.ts'
import { ViewMenu } from '../../components/view-menu.tsx'
import { useConnections } from '../../data/connections-provider.tsx'
import { metadataOfRun } from '../../data/sample-metadata.ts'
import type { MetricFiguresFragment } from '../../gql/graphql.ts'
import { type Shortcut, useShortcuts } from '../../keyboard/shortcuts.ts'
import { describeFilters } from './describe-filters.ts'
import type { ItemColumn } from './item-columns.tsx'
import { noFilters } from './no-filters.ts'
import classes from './run-page.module.css'
import type { RunPageRun } from './run-query.ts'
import { isFiltered, onlyOfItems, type RunSearch } from './run-search.ts'
import { StatusChoice } from './status-choice.tsx'

interface Props {
  run: RunPageRun
  /** Those that are hidden, too. */
  columns: readonly ItemColumn[]
  metrics: readonly MetricFiguresFragment[] | null
  search: RunSearch
  onSearch: (now: Partial<RunSearch>, options?: { replace?: boolean }) => void
  /** At the right. */
  children?: ReactNode
}

const keys: readonly Shortcut[] = [{ key: '/', label: 'Search in the items' }]

export function FilterBar({ run, columns, metrics, search, onSearch, children }: Props) {
  const { progress, stats } = run
  const input = useRef<HTMLInputElement>(null)
  useShortcuts(keys, (_key, event) => {
    event.preventDefault()
    input.current?.focus()
  })
  const only = search.status?.length === 1 ? search.status[0] : undefined
  const status = only === 'SUCCEEDED' || only === 'FAILED' ? only : undefined
  const shown = useSame(columns.slice(1).map(({ id, name }) => ({ id, name })))
  const choose = (now: Partial<RunSearch>) =>
    onSearch({ change: undefined, differ: undefined, ...comparedSort(search), ...now })

  return (
    <div className={classes.bar} data-print="pills">
      <SearchField inputRef={input} value={search.q ?? ''} onSearch={onSearch} />
      <StatusChoice
        progress={progress}
        value={search.status === undefined ? 'ALL' : status}
        onChange={(value) => choose({ status: value === 'ALL' ? undefined : [value], error: undefined })}
      />
      {stats.failures.length > 0 && (
        <Menu width={260}>
          <Menu.Target>
            <Button size="xs" variant="default" leftSection={<IconFilter size={14} aria-hidden />}>
              Error
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {stats.failures.map(({ code, count }) => (
              <Menu.Item
                key={code}
                rightSection={formatCount(count)}
                onClick={() => choose({ error: [code], status: undefined })}
              >
                {wordsOf(code)}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      <TagField tags={search.tags} onSearch={onSearch} />
      <Metadata runId={run.id} value={search.metadata} onSearch={onSearch} />
      {metrics !== null && (
        <Button
          size="xs"
          variant={search.differ ? 'filled' : 'default'}
          aria-pressed={search.differ ?? false}
          onClick={() =>
            onSearch({
              ...onlyOfItems,
              differ: search.differ ? undefined : true,
            })
          }
        >
          Different outputs
        </Button>
      )}
      {isFiltered(search) && (
        <div className={classes.pills} data-pills>
          {describeFilters(search).map(({ text, without }) => (
            <Pill
              key={text}
              withRemoveButton
              onRemove={() => onSearch(without)}
              removeButtonProps={{ 'aria-label': `Remove the filter: ${text}`, 'aria-hidden': false, tabIndex: 0 }}
            >
              {text}
            </Pill>
          ))}
          <Button size="compact-xs" variant="subtle" onClick={() => onSearch(noFilters)}>
            Remove all
          </Button>
        </div>
      )}
      <span className={classes.spacer} />
      {children}
      <View columns={shown} hide={search.hide} density={search.density} onSearch={onSearch} />
    </div>
  )
}

interface SearchProps extends Pick<Props, 'onSearch'> {
  inputRef: React.RefObject<HTMLInputElement | null>
  value: string
}

const SearchField = memo(function SearchField({ inputRef, value, onSearch }: SearchProps) {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  const report = useDebouncedCallback((q: string) => onSearch({ q: q || undefined }, { replace: true }), 300)
  return (
    <TextInput
      ref={inputRef}
      size="xs"
      w={210}
      aria-label="Search in input, expected output, output and error"
      placeholder="Search"
      leftSection={<IconSearch size={14} aria-hidden />}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value)
        report(event.currentTarget.value.trim())
      }}
      onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
    />
  )
})

interface TagProps extends Pick<Props, 'onSearch'> {
  tags: RunSearch['tags']
}

const TagField = memo(function TagField({ tags = [], onSearch }: TagProps) {
  const [tag, setTag] = useState('')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (tag.trim()) onSearch({ tags: [...new Set([...tags, tag.trim()])] })
        setTag('')
      }}
    >
      <TextInput
        size="xs"
        w={110}
        aria-label="Only items with this tag"
        placeholder="Tag, Enter"
        value={tag}
        onChange={(event) => setTag(event.currentTarget.value)}
      />
    </form>
  )
})

interface MetadataProps extends Pick<Props, 'onSearch'> {
  runId: string
  value: RunSearch['metadata']
}

const Metadata = memo(function Metadata({ runId, value, onSearch }: MetadataProps) {
  const { rows: client } = useConnections()
  const load = useCallback(() => metadataOfRun(client, runId), [client, runId])
  return <MetadataButton value={value} load={load} onChange={(metadata) => onSearch({ metadata })} />
})

interface ViewProps extends Pick<Props, 'onSearch'> {
  columns: readonly { id: string; name: string }[]
  hide: RunSearch['hide']
  density: RunSearch['density']
}

const View = memo(function View({ columns, hide, density, onSearch }: ViewProps) {
  return (
    <ViewMenu columns={columns} hidden={hide} onHide={(hide) => onSearch({ hide }, { replace: true })}>
      <DensityChoices value={density} onChange={(density) => onSearch({ density }, { replace: true })} />
    </ViewMenu>
  )
})

/** An order by change goes with the filter by change. */
function comparedSort({ sort }: RunSearch): Partial<RunSearch> {
  return sort && 'metric' in sort ? { sort: undefined } : {}
}

/** `RATE_LIMITED` as `rate limited`. */
export function wordsOf(code: string): string {
  return code.toLowerCase().replaceAll('_', ' ')
}

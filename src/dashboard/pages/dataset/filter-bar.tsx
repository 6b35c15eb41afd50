/** What narrows the items down: a text, tags, and the version. */
import { MultiSelect, Select, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import { DensityChoices } from '../../components/density-choices.tsx'
import { MetadataButton } from '../../components/metadata-filter/metadata-button.tsx'
import { MetadataPills } from '../../components/metadata-filter/metadata-pills.tsx'
import { formatCount, plural } from '../../components/number-format.ts'
import { ViewMenu } from '../../components/view-menu.tsx'
import { useConnections } from '../../data/connections-provider.tsx'
import { metadataOfDataset } from '../../data/sample-metadata.ts'
import { type Shortcut, useShortcuts } from '../../keyboard/shortcuts.ts'
import type { DatasetPageDataset } from './dataset-query.ts'
import { type DatasetSearch, itemFilter } from './dataset-search.ts'
import { itemColumns } from './item-columns.ts'
import classes from './items.module.css'

interface Props {
  dataset: DatasetPageDataset
  search: DatasetSearch
  total: { count: number; atLeast: boolean } | null
  onSearch: (now: Partial<DatasetSearch>, options?: { replace?: boolean }) => void
}

const keys: readonly Shortcut[] = [{ key: '/', label: 'Search in the items' }]
/** How many versions the list offers; the page of the versions has all. */
const listedVersions = 50

export function FilterBar({ dataset, search, total, onSearch }: Props) {
  const input = useRef<HTMLInputElement>(null)
  const { rows: client } = useConnections()
  useShortcuts(keys, (_key, event) => {
    event.preventDefault()
    input.current?.focus()
  })
  const [text, setText] = useState(search.q ?? '')
  useEffect(() => setText(search.q ?? ''), [search.q])
  const report = useDebouncedCallback((q: string) => onSearch({ q: q || undefined }, { replace: true }), 300)

  const known = dataset.tags?.map(({ tag }) => tag) ?? []
  const shown = search.version ?? dataset.version
  const archived = dataset.archivedItems?.countUpTo ?? 0
  const newest = Array.from({ length: Math.min(dataset.version, listedVersions) }, (_, n) => dataset.version - n)
  const versions = newest.includes(shown) || shown === 0 ? newest : [...newest, shown]

  return (
    <div className={classes.bar} data-no-print>
      <TextInput
        ref={input}
        size="xs"
        w={220}
        aria-label="Search in key, input and expected output"
        placeholder="Search"
        leftSection={<IconSearch size={14} aria-hidden />}
        value={text}
        maxLength={256}
        onChange={(event) => {
          setText(event.currentTarget.value)
          report(event.currentTarget.value.trim())
        }}
        onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
      />
      {(known.length > 0 || search.tags !== undefined) && (
        <MultiSelect
          size="xs"
          miw={150}
          maw={420}
          aria-label="Only items with these tags"
          placeholder={search.tags === undefined ? 'Tags' : undefined}
          data={[...new Set([...known, ...(search.tags ?? [])])].map((tag) => ({
            value: tag,
            label: labelOf(tag, dataset),
          }))}
          value={search.tags ?? []}
          onChange={(tags) => onSearch({ tags: tags.length > 0 ? tags : undefined })}
          searchable
        />
      )}
      <MetadataButton
        value={search.metadata}
        load={() => metadataOfDataset(client, dataset.id)}
        onChange={(metadata) => onSearch({ metadata })}
      />
      <MetadataPills value={search.metadata} onChange={(metadata) => onSearch({ metadata })} />
      {(dataset.version > 1 || archived > 0) && (
        <Select
          size="xs"
          w={150}
          aria-label="Version of the dataset"
          data={[
            ...versions.map((version) => ({
              value: String(version),
              label: version === dataset.version ? `Version ${version}, current` : `Version ${version}`,
            })),
            ...(archived > 0 || search.archived
              ? [{ value: 'archived', label: `Archived (${archived >= 1_000 ? 'many' : archived})` }]
              : []),
          ]}
          value={search.archived ? 'archived' : String(shown)}
          allowDeselect={false}
          onChange={(value) => {
            const version = Number(value)
            if (value === 'archived') onSearch({ archived: true, version: undefined })
            else onSearch({ archived: undefined, version: version === dataset.version ? undefined : version })
          }}
        />
      )}
      <span className={classes.count} role="status">
        {total !== null &&
          (itemFilter(search) === undefined
            ? plural(total.count, 'item')
            : total.atLeast
              ? `${formatCount(total.count)} items or more`
              : plural(total.count, 'item'))}
      </span>
      <span className={classes.spacer} />
      <ViewMenu columns={itemColumns} hidden={search.hide} onHide={(hide) => onSearch({ hide }, { replace: true })}>
        <DensityChoices value={search.density} onChange={(density) => onSearch({ density }, { replace: true })} />
      </ViewMenu>
    </div>
  )
}

function labelOf(tag: string, { tags }: DatasetPageDataset): string {
  const count = tags?.find((known) => known.tag === tag)?.count
  return count === undefined ? tag : `${tag} (${formatCount(count)})`
}

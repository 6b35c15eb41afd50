/** The table of runs: the approved baseline on its own band, the others below, in groups if asked for. */
import { Checkbox } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconBookmark } from '@tabler/icons-react'
import { useTable } from '@tanstack/react-table'
import clsx from 'clsx'
import { Fragment, useMemo } from 'react'
import { Age } from '../../components/age.tsx'
import { plural } from '../../components/number-format.ts'
import type { RunSummaryFragment } from '../../gql/graphql.ts'
import { columnsOfRuns, type RunColumnMeta } from './runs-columns.tsx'
import { runsFeatures } from './runs-features.ts'
import classes from './runs-page.module.css'
import type { DatasetWithRuns } from './runs-query.ts'
import type { RunsSearch, RunsSort } from './runs-search.ts'

interface Props {
  /** The approved baseline of their dataset. */
  baseline: DatasetWithRuns['baseline']
  runs: readonly RunSummaryFragment[]
  search: RunsSearch
  onSearch: (now: Partial<RunsSearch>, replace?: boolean) => void
}

/** Runs that one comparison can have, the baseline among them. */
const maxSelected = 11

export function RunsTable({ baseline, runs, search, onSearch }: Props) {
  const data = useMemo(() => withBaseline(baseline, runs), [baseline, runs])
  const columns = useMemo(() => columnsOfRuns(data, baseline?.run ?? null), [data, baseline])
  const selected = search.selected ?? []
  const table = useTable({
    features: runsFeatures,
    data,
    columns,
    getRowId: ({ id }) => id,
    state: {
      rowSelection: Object.fromEntries(selected.map((id) => [id, true])),
      columnVisibility: Object.fromEntries((search.hide ?? []).map((id) => [id, false])),
    },
    onRowSelectionChange: (updater) => {
      const before = Object.fromEntries(selected.map((id) => [id, true as const]))
      const now = typeof updater === 'function' ? updater(before) : updater
      const ids = Object.keys(now).filter((id) => now[id])
      onSearch({ selected: ids.length > 0 ? ids.slice(-maxSelected) : undefined }, true)
    },
  })
  const rows = table.getRowModel().rows
  const band = baseline ? rows.slice(0, 1) : []
  const groups = groupsOf(baseline ? rows.slice(1) : rows, search.group)
  const [head] = table.getHeaderGroups()
  const width = (head?.headers.length ?? 0) + 1

  const line = (row: (typeof rows)[number], className?: string) => (
    <tr key={row.id} className={clsx(className, row.getIsSelected() && classes.selected)}>
      <td className={classes.tick}>
        <Checkbox
          size="xs"
          aria-label={`Select ${row.original.name}`}
          checked={row.getIsSelected()}
          onChange={row.getToggleSelectedHandler()}
        />
      </td>
      {row.getVisibleCells().map((cell) => (
        <td
          key={cell.id}
          className={(cell.column.columnDef.meta as RunColumnMeta | undefined)?.number ? classes.number : undefined}
        >
          <table.FlexRender cell={cell} />
        </td>
      ))}
    </tr>
  )

  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={classes.scroller} aria-label="Runs" tabIndex={0}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th className={classes.tick}>
              <span className="hidden-visually">Select</span>
            </th>
            {head?.headers.map((header) => {
              const { sort, number } = (header.column.columnDef.meta ?? {}) as RunColumnMeta
              const sorted = sort ? directionOf(search.sort, sort) : null
              return (
                <th
                  key={header.id}
                  scope="col"
                  className={number ? classes.number : undefined}
                  aria-sort={sorted === null ? undefined : sorted === 'ASC' ? 'ascending' : 'descending'}
                >
                  {sort ? (
                    <button
                      type="button"
                      className={classes.sort}
                      onClick={() => onSearch({ sort: nextSort(sorted, sort), after: undefined })}
                    >
                      <table.FlexRender header={header} />
                      {sorted === 'ASC' && <IconArrowUp size={13} aria-hidden />}
                      {sorted === 'DESC' && <IconArrowDown size={13} aria-hidden />}
                    </button>
                  ) : (
                    <table.FlexRender header={header} />
                  )}
                </th>
              )
            })}
          </tr>
        </thead>
        <tbody>
          {baseline && band.length > 0 && (
            <>
              <tr className={classes.bandHead}>
                <th colSpan={width} scope="rowgroup">
                  <IconBookmark size={13} aria-hidden /> Baseline, approved <Age of={baseline.approvedAt} />
                  {baseline.author && ` by ${baseline.author}`}
                </th>
              </tr>
              {band.map((row) => line(row, classes.band))}
            </>
          )}
          {groups.map(({ name, rows }) => (
            <Fragment key={name ?? ''}>
              {name !== null && (
                <tr className={classes.groupHead}>
                  <th colSpan={width} scope="rowgroup">
                    {search.group}: {name} <span className={classes.faint}>{plural(rows.length, 'run')}</span>
                  </th>
                </tr>
              )}
              {rows.map((row) => line(row))}
            </Fragment>
          ))}
          {rows.length === band.length && (
            <tr>
              <td colSpan={width} className={classes.none}>
                {band.length > 0 ? 'No other run.' : 'No run is left by the filters.'}
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </section>
  )
}

/** The baseline first, and not a second time below. */
export function withBaseline(
  baseline: DatasetWithRuns['baseline'],
  runs: readonly RunSummaryFragment[],
): RunSummaryFragment[] {
  return [...(baseline ? [baseline.run] : []), ...runs.filter(({ id }) => id !== baseline?.run.id)]
}

interface Group<Row> {
  /** Null: they are not grouped. */
  name: string | null
  rows: Row[]
}

/** In the order in which the groups first appear. */
function groupsOf<Row extends { original: RunSummaryFragment }>(
  rows: readonly Row[],
  key: string | undefined,
): Group<Row>[] {
  if (key === undefined) return [{ name: null, rows: [...rows] }]
  const groups = Map.groupBy(rows, ({ original: { metadata } }) => {
    const value =
      typeof metadata === 'object' && metadata !== null ? (metadata as Record<string, unknown>)[key] : undefined
    return value === undefined ? 'none' : typeof value === 'string' ? value : JSON.stringify(value)
  })
  return [...groups].map(([name, rows]) => ({ name, rows }))
}

function directionOf(now: RunsSort | undefined, sort: RunsSort): 'ASC' | 'DESC' | null {
  if (now?.by !== sort.by || now.score !== sort.score) return null
  return now.desc ? 'DESC' : 'ASC'
}

/** Largest first, then smallest first, then newest first. */
function nextSort(now: 'ASC' | 'DESC' | null, sort: RunsSort): RunsSort | undefined {
  if (now === 'ASC') return undefined
  return now === null ? { ...sort, desc: true } : sort
}

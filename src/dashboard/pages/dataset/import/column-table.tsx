/** The columns of a file and what each becomes. */
import { Checkbox, Select } from '@mantine/core'
import { previewOf } from '../../../components/value-preview.ts'
import classes from './import.module.css'
import type { Mapping, Preview } from './import-request.ts'

type Part = 'input' | 'expected' | 'key' | 'tags' | 'metadata'

const parts: { value: Part | 'none'; label: string }[] = [
  { value: 'input', label: 'Input' },
  { value: 'expected', label: 'Expected output' },
  { value: 'key', label: 'Key' },
  { value: 'tags', label: 'Tags' },
  { value: 'metadata', label: 'Metadata' },
  { value: 'none', label: 'Leave out' },
]
const mapped = ['input', 'expected', 'key', 'tags', 'metadata'] as const
/** Parts that one column at most can become. */
const single = new Set<string>(['key', 'tags'])

interface Props {
  preview: Preview
  /** Gets the parts of the mapping that are now said, not usual. */
  onChange: (now: Partial<Mapping>) => void
}

export function ColumnTable({ preview: { columns, mapping, format, items }, onChange }: Props) {
  const partOf = (column: string) => mapped.find((part) => mapping[part].includes(column)) ?? 'none'

  function assign(column: string, to: Part | 'none') {
    const from = partOf(column)
    const now: Partial<Mapping> = {}
    if (from !== 'none') now[from] = mapping[from].filter((other) => other !== column)
    if (to !== 'none') now[to] = single.has(to) ? [column] : [...mapping[to], column]
    // What another column was before becomes metadata, as a column that nobody has named does.
    const replaced = to !== 'none' && single.has(to) ? mapping[to].filter((other) => other !== column) : []
    if (replaced.length > 0) now.metadata = [...(now.metadata ?? mapping.metadata), ...replaced]
    if (now.metadata === undefined) now.metadata = mapping.metadata
    onChange(now)
  }

  return (
    <div className={classes.scrolls}>
      <table className={classes.columns} aria-label="Columns of the file">
        <thead>
          <tr>
            <th>Column</th>
            <th>becomes</th>
            {format === 'csv' && <th>Cells</th>}
            <th>in the first item</th>
          </tr>
        </thead>
        <tbody>
          {columns.map((column) => (
            <tr key={column}>
              <th scope="row" className="mono">
                {column}
              </th>
              <td>
                <Select
                  size="xs"
                  w={160}
                  aria-label={`${column} becomes`}
                  data={parts}
                  value={partOf(column)}
                  allowDeselect={false}
                  onChange={(part) => part !== null && assign(column, part as Part | 'none')}
                />
              </td>
              {format === 'csv' && (
                <td>
                  <Checkbox
                    size="xs"
                    label="are JSON"
                    aria-label={`The cells of ${column} are JSON`}
                    checked={mapping.json.includes(column)}
                    onChange={(event) => {
                      const others = mapping.json.filter((other) => other !== column)
                      onChange({ json: event.currentTarget.checked ? [...others, column] : others })
                    }}
                  />
                </td>
              )}
              <td className={classes.sample}>{sampleOf(partOf(column), column, mapping, items[0])}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function sampleOf(part: Part | 'none', column: string, mapping: Mapping, item: Preview['items'][number] | undefined) {
  if (!item || part === 'none') return ''
  const value = {
    input: item.input,
    expected: item.expectedOutput,
    key: item.key,
    tags: item.tags,
    metadata: item.metadata,
  }[part]
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  const own = (part === 'metadata' || mapping[part].length > 1) && isObject && column in value
  return previewOf(own ? (value as Record<string, unknown>)[column] : value)
}

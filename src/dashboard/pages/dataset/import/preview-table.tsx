import { previewOf } from '../../../components/value-preview.ts'
import classes from './import.module.css'
import type { Preview } from './import-request.ts'

/** The first items as they would be stored. */
export function PreviewTable({ items }: { items: Preview['items'] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <div className={classes.preview} tabIndex={0}>
      <table aria-label="The first items">
        <thead>
          <tr>
            <th>Line</th>
            <th>Input</th>
            <th>Expected output</th>
            <th>Key</th>
            <th>Tags</th>
            <th>Metadata</th>
          </tr>
        </thead>
        <tbody>
          {items.map(({ line, input, expectedOutput, key, tags, metadata }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a line may have several items, which never move
            <tr key={index}>
              <td>{line}</td>
              <td>{previewOf(input)}</td>
              <td>{expectedOutput === null ? '' : previewOf(expectedOutput)}</td>
              <td>{key}</td>
              <td>{tags.join(', ')}</td>
              <td>{metadata === null ? '' : previewOf(metadata)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

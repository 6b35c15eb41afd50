/** How verdicts of people and of an evaluator came together: equal ones on the diagonal, darker the more there are of a row. */
import { formatCount } from '../../../components/number-format.ts'
import type { ScoreDataType } from '../../../gql/graphql.ts'
import classes from './judge-report.module.css'

interface Props {
  labels: readonly string[]
  /** Lists of numbers: of people by row, of the evaluator by column. */
  counts: unknown
  dataType: ScoreDataType
}

export function ConfusionTable({ labels, counts, dataType }: Props) {
  const rows = counts as readonly (readonly number[])[]
  const write = (label: string) => (dataType !== 'BOOLEAN' ? label : label === '1' ? '✓ yes' : '✗ no')
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={classes.scrolls} aria-label="Verdicts together" tabIndex={0}>
      <table className={classes.confusion}>
        <caption>What people say, by row, and what the evaluator says, by column</caption>
        <thead>
          <tr>
            <td />
            {labels.map((label) => (
              <th key={label} scope="col">
                {write(label)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {labels.map((label, row) => {
            const total = rows[row]?.reduce((sum, count) => sum + count, 0) ?? 0
            return (
              <tr key={label}>
                <th scope="row">{write(label)}</th>
                {labels.map((other, column) => {
                  const count = rows[row]?.[column] ?? 0
                  const share = total === 0 ? 0 : count / total
                  const heat = row === column ? '--heat-better' : '--heat-worse'
                  return (
                    <td
                      key={other}
                      data-same={row === column || undefined}
                      style={{
                        background: count === 0 ? undefined : `rgb(var(${heat}) / ${(share * 0.26).toFixed(3)})`,
                      }}
                    >
                      {formatCount(count)}
                    </td>
                  )
                })}
              </tr>
            )
          })}
        </tbody>
      </table>
    </section>
  )
}

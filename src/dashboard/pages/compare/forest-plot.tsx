/** The difference with its interval, against no difference and the margin; all runs of a row share the scale. */
import { conclude } from '../../components/verdict.ts'
import type { MetricFiguresFragment } from '../../gql/graphql.ts'

interface Props {
  figures: MetricFiguresFragment
  row: readonly MetricFiguresFragment[]
}

const width = 220
const height = 22
const colours = { BETTER: 'var(--better)', WORSE: 'var(--worse)', NOT_WORSE: 'var(--better)', OPEN: 'var(--baseline)' }

export function ForestPlot({ figures, row }: Props) {
  const { delta, margin, direction } = figures
  const range = figures.interval ?? figures.sequence
  if (delta === null) return null
  const reach = Math.max(
    ...row.flatMap((one) => {
      const ends = one.interval ?? one.sequence
      return [Math.abs(one.delta ?? 0), Math.abs(ends?.low ?? 0), Math.abs(ends?.high ?? 0), one.margin * 1.5]
    }),
  )
  const x = (value: number) => width / 2 + (reach === 0 ? 0 : (value / reach) * (width / 2 - 6))
  const colour = colours[conclude(figures)]
  const middle = height / 2
  // On the side where it is worse.
  const band = direction === 'LOWER_IS_BETTER' ? margin : -margin
  return (
    <svg
      width="100%"
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="xMidYMid meet"
      aria-hidden
      style={{ maxWidth: width }}
    >
      {margin > 0 && (
        <rect
          x={Math.min(x(0), x(band))}
          width={Math.abs(x(band) - x(0))}
          y={1}
          height={height - 2}
          fill="var(--warn-soft)"
        />
      )}
      <line x1={4} x2={width - 4} y1={middle} y2={middle} stroke="var(--line)" />
      <line x1={x(0)} x2={x(0)} y1={1} y2={height - 1} stroke="var(--baseline)" strokeDasharray="2 2" />
      {range && (
        <>
          <line x1={x(range.low)} x2={x(range.high)} y1={middle} y2={middle} stroke={colour} strokeWidth={2.5} />
          {(
            [
              ['low', range.low],
              ['high', range.high],
            ] as const
          ).map(([name, end]) => (
            <line
              key={name}
              x1={x(end)}
              x2={x(end)}
              y1={middle - 4}
              y2={middle + 4}
              stroke={colour}
              strokeWidth={1.5}
            />
          ))}
        </>
      )}
      <rect
        x={x(delta) - 3.5}
        y={middle - 3.5}
        width={7}
        height={7}
        fill={colour}
        transform={`rotate(45 ${x(delta)} ${middle})`}
      />
    </svg>
  )
}

/** A mean with its 95 % interval on a scale that all rows share, and the baseline as a line. */
interface Props {
  mean: number
  /** Half of the interval; null: unknown. */
  half: number | null
  low: number
  high: number
  baseline: number | null
}

const width = 64
const height = 12

export function IntervalMark({ mean, half, low, high, baseline }: Props) {
  const x = (value: number) =>
    high === low ? width / 2 : Math.max(0, Math.min(1, (value - low) / (high - low))) * (width - 4) + 2
  return (
    <svg width={width} height={height} aria-hidden>
      {baseline !== null && (
        <line x1={x(baseline)} x2={x(baseline)} y1={0} y2={height} stroke="var(--baseline)" strokeDasharray="2 2" />
      )}
      {half !== null && (
        <line
          x1={x(mean - half)}
          x2={x(mean + half)}
          y1={height / 2}
          y2={height / 2}
          stroke="var(--accent)"
          strokeWidth={2}
          opacity={0.45}
        />
      )}
      <circle cx={x(mean)} cy={height / 2} r={3} fill="var(--accent)" />
    </svg>
  )
}

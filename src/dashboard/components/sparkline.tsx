interface Props {
  /** Gaps are null. */
  values: readonly (number | null)[]
  label: string
  width?: number
  height?: number
  className?: string
}

/** A small line without axes; its last point is marked. */
export function Sparkline({ values, label, width = 240, height = 32, className }: Props) {
  const known = values.flatMap((value, index) => (value === null ? [] : [{ value, index }]))
  const low = Math.min(...known.map(({ value }) => value))
  const high = Math.max(...known.map(({ value }) => value))
  const x = (index: number) => (values.length === 1 ? width / 2 : (index / (values.length - 1)) * width)
  const y = (value: number) => (high === low ? height / 2 : height - ((value - low) / (high - low)) * height)
  const last = known.at(-1)
  return (
    <svg
      width={width}
      height={height}
      viewBox={`0 -3 ${width} ${height + 6}`}
      className={className}
      role="img"
      aria-label={label}
    >
      <polyline
        points={known.map(({ value, index }) => `${x(index)},${y(value)}`).join(' ')}
        fill="none"
        stroke="var(--accent)"
        strokeWidth={1.5}
      />
      {last && <circle cx={x(last.index)} cy={y(last.value)} r={3} fill="var(--accent)" />}
    </svg>
  )
}

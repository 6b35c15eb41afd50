import 'uplot/dist/uPlot.min.css'
import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useRef } from 'react'
import UPlot from 'uplot'
import classes from './run-page.module.css'

interface Props {
  name: string
  /** Seconds since 1970. */
  times: readonly number[]
  values: readonly (number | null)[]
  /** Ends of a band around the values. */
  low?: readonly (number | null)[]
  high?: readonly (number | null)[]
  write: (value: number | null) => string
  /** How many frames later it is drawn, so that no frame draws all lines. */
  turn: number
}

const height = 62

/** A line that grows to the right; its last value is a text, so the picture alone never has to be read. */
export function LiveLine({ name, times, values, low, high, write, turn }: Props) {
  const element = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot | null>(null)
  const hasBand = low !== undefined
  const scheme = useComputedColorScheme()

  // biome-ignore lint/correctness/useExhaustiveDependencies: another scheme has another accent
  useEffect(() => {
    const parent = element.current
    if (!parent) return
    // Read once: with every drawing, the browser would have to work out the styles of the page first.
    const accent = getComputedStyle(parent).getPropertyValue('--accent')
    const line = { stroke: accent, width: 1.6, points: { show: false } }
    const edge = { stroke: 'transparent', points: { show: false } }
    const created = new UPlot(
      {
        width: parent.clientWidth,
        height,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: true } },
        axes: [{ show: false }, { show: false }],
        padding: [4, 0, 4, 0],
        series: hasBand ? [{}, line, edge, edge] : [{}, line],
        bands: hasBand ? [{ series: [3, 2], fill: `color-mix(in srgb, ${accent} 18%, transparent)` }] : [],
      },
      hasBand ? [[], [], [], []] : [[], []],
      parent,
    )
    plot.current = created
    const resize = new ResizeObserver(() => created.setSize({ width: parent.clientWidth, height }))
    resize.observe(parent)
    return () => {
      resize.disconnect()
      created.destroy()
    }
  }, [hasBand, scheme])

  // biome-ignore lint/correctness/useExhaustiveDependencies: another scheme is another plot
  useEffect(() => {
    const data = hasBand ? [times, values, low, high] : [times, values]
    let left = turn
    let frame = requestAnimationFrame(draw)
    function draw() {
      if (left-- > 0) frame = requestAnimationFrame(draw)
      else plot.current?.setData(data as UPlot.AlignedData)
    }
    return () => cancelAnimationFrame(frame)
  }, [times, values, low, high, hasBand, scheme, turn])

  const last = values.findLast((value) => value !== null) ?? null
  return (
    <figure className={classes.line} style={{ margin: 0 }}>
      <figcaption className={classes.lineHead}>
        <span>{name}</span>
        <span className={classes.lineValue}>{write(last)}</span>
      </figcaption>
      <div ref={element} aria-hidden />
    </figure>
  )
}

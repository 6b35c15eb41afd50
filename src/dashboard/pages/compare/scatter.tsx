/** Baseline × candidate, a point for every item: what is off the diagonal changed, and a brushed area filters the grid. */
import { Anchor, Button, Select } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { type PointerEvent, useRef, useState } from 'react'
import { formatCount } from '../../components/number-format.ts'
import { titleOfRun } from '../../components/run-name.ts'
import { isBetter, nameOf, unitOf } from '../../components/verdict.ts'
import type { MetricFiguresFragment } from '../../gql/graphql.ts'
import { BrushFields } from './brush-fields.tsx'
import classes from './compare-page.module.css'
import type { ComparedRun } from './compare-query.ts'
import { type CompareMetric, type CompareSearch, isSame, metricInput } from './compare-search.ts'
import { maxPoints, type Point, usePoints } from './use-points.ts'

interface Props {
  baseline: ComparedRun
  candidates: readonly ComparedRun[]
  metrics: readonly MetricFiguresFragment[] | null
  search: CompareSearch
  onSearch: (now: Partial<CompareSearch>, options?: { replace?: boolean }) => void
}

export function Scatter({ baseline, candidates, metrics, search, onSearch }: Props) {
  const [opened, { toggle }] = useDisclosure(search.scatter !== undefined)
  const numeric = (metrics ?? []).filter(({ candidateMean }) => candidateMean !== null)
  const names = [...new Map(numeric.map((figures) => [JSON.stringify(metricInput(figures.metric)), figures])).entries()]
  const [first] = names
  if (!first) return null
  const changed = numeric.reduce((most, one) => (changesOf(one) > changesOf(most) ? one : most))
  const metric = search.scatter?.metric ?? metricInput(changed.metric)
  const runId = search.scatter?.run ?? candidates[0]?.id ?? ''
  const figures = numeric.find((one) => isSame(metricInput(one.metric), metric))
  return (
    <section aria-label="Every item, baseline against candidate" data-no-print>
      <div className={classes.scatterHead}>
        <Anchor component="button" size="sm" fw={560} onClick={toggle} aria-expanded={opened}>
          {opened ? 'Hide the items as points' : 'Show the items as points'}
        </Anchor>
        {opened && (
          <>
            <Select
              size="xs"
              w={180}
              aria-label="Metric"
              allowDeselect={false}
              value={JSON.stringify(metric)}
              data={names.map(([value, figures]) => ({ value, label: nameOf(figures.metric) }))}
              onChange={(value) =>
                value &&
                onSearch({ scatter: { metric: JSON.parse(value), run: search.scatter?.run } }, { replace: true })
              }
            />
            {candidates.length > 1 && (
              <Select
                size="xs"
                w={220}
                aria-label="Candidate"
                allowDeselect={false}
                value={runId}
                data={candidates.map(({ id, name }) => ({ value: id, label: titleOfRun(name) }))}
                onChange={(run) => run && onSearch({ scatter: { metric, run } }, { replace: true })}
              />
            )}
          </>
        )}
      </div>
      {opened && figures && (
        <Plot baseline={baseline} runId={runId} metric={metric} figures={figures} search={search} onSearch={onSearch} />
      )}
    </section>
  )
}

/** A picture of what did not change says nothing; scores come before latency and cost. */
function changesOf({ improved, regressed, metric }: MetricFiguresFragment): number {
  return metric.kind === 'SCORE' && improved + regressed > 0 ? 1e9 + improved + regressed : improved + regressed
}

interface PlotProps extends Pick<Props, 'baseline' | 'search' | 'onSearch'> {
  runId: string
  metric: CompareMetric
  figures: MetricFiguresFragment
}

const size = 320
const pad = 44

function Plot({ baseline, runId, metric, figures, search, onSearch }: PlotProps) {
  const { points, complete } = usePoints(baseline.id, runId, metric)
  const svg = useRef<SVGSVGElement>(null)
  const [byNumbers, { toggle }] = useDisclosure(false)
  const [drag, setDrag] = useState<{ x: number; y: number; toX: number; toY: number } | null>(null)
  if (points.length === 0) return <p className={classes.faint}>Reading the items…</p>
  const { value } = unitOf(figures.metric.kind, figures.dataType)
  const values = points.flatMap(({ x, y }) => [x, y])
  const low = figures.dataType === 'BOOLEAN' ? 0 : Math.min(...values)
  const high = figures.dataType === 'BOOLEAN' ? 1 : Math.max(...values)
  const span = high === low ? 1 : high - low
  const scale = (part: number) => ((part - low) / span) * (size - 2 * 8) + 8
  const px = (part: number) => pad + scale(part)
  const py = (part: number) => size - scale(part)
  const back = (position: number) => ((position - 8) / (size - 16)) * span + low

  const at = (event: PointerEvent) => {
    const box = svg.current?.getBoundingClientRect()
    return box
      ? {
          x: ((event.clientX - box.left) / box.width) * (size + pad),
          y: ((event.clientY - box.top) / box.height) * (size + 24),
        }
      : { x: 0, y: 0 }
  }
  const finish = () => {
    if (!drag) return
    setDrag(null)
    const [x1, x2] = [Math.min(drag.x, drag.toX), Math.max(drag.x, drag.toX)]
    const [y1, y2] = [Math.min(drag.y, drag.toY), Math.max(drag.y, drag.toY)]
    const scatter = { metric, run: search.scatter?.run }
    // A click removes what is brushed.
    if (x2 - x1 < 4 || y2 - y1 < 4) onSearch({ scatter })
    else
      onSearch({ scatter: { ...scatter, x: [back(x1 - pad), back(x2 - pad)], y: [back(size - y2), back(size - y1)] } })
  }
  const brushed = search.scatter?.x && search.scatter.y ? { x: search.scatter.x, y: search.scatter.y } : null

  return (
    <figure className={classes.scatter}>
      <svg
        ref={svg}
        viewBox={`0 0 ${size + pad} ${size + 24}`}
        className={classes.plot}
        role="img"
        aria-label={`${nameOf(figures.metric)} of every item: the baseline to the right, the candidate upwards`}
        onPointerDown={(event) => {
          const { x, y } = at(event)
          event.currentTarget.setPointerCapture(event.pointerId)
          setDrag({ x, y, toX: x, toY: y })
        }}
        onPointerMove={(event) => {
          if (!drag) return
          const { x, y } = at(event)
          setDrag({ ...drag, toX: x, toY: y })
        }}
        onPointerUp={finish}
      >
        <rect x={pad} y={0} width={size} height={size} fill="var(--surface)" stroke="var(--line)" />
        <line x1={px(low)} y1={py(low)} x2={px(high)} y2={py(high)} stroke="var(--baseline)" strokeDasharray="3 3" />
        {points.map((point) => (
          <circle
            key={point.id}
            {...spread(point, px, py, figures.dataType === 'BOOLEAN')}
            r={2.6}
            fill={colourOf(point, figures)}
            opacity={0.55}
          />
        ))}
        {brushed && <Area x1={px(brushed.x[0])} x2={px(brushed.x[1])} y1={py(brushed.y[1])} y2={py(brushed.y[0])} />}
        {drag && (
          <Area
            x1={Math.min(drag.x, drag.toX)}
            x2={Math.max(drag.x, drag.toX)}
            y1={Math.min(drag.y, drag.toY)}
            y2={Math.max(drag.y, drag.toY)}
          />
        )}
        <text x={pad} y={size + 16} className={classes.axis}>
          {value(low)}
        </text>
        <text x={size + pad} y={size + 16} textAnchor="end" className={classes.axis}>
          {value(high)} · baseline →
        </text>
        <text x={pad - 6} y={size - 4} textAnchor="end" className={classes.axis}>
          {value(low)}
        </text>
        <text x={pad - 6} y={12} textAnchor="end" className={classes.axis}>
          {value(high)}
        </text>
      </svg>
      <figcaption className={classes.faint}>
        {formatCount(points.length)} items
        {complete ? '' : ` (the first ${formatCount(maxPoints)} in the order of execution)`}. Above the line the
        candidate has the larger value. Drag over points to see only these items below.
        <Button size="compact-xs" variant="default" mt={8} display="block" onClick={toggle} aria-expanded={byNumbers}>
          Choose by numbers
        </Button>
        {byNumbers && (
          <BrushFields
            x={search.scatter?.x}
            y={search.scatter?.y}
            reach={[Math.min(...values), Math.max(...values)]}
            onBrush={(area) => onSearch({ scatter: { metric, run: search.scatter?.run, ...area } })}
          />
        )}
      </figcaption>
    </figure>
  )
}

function Area({ x1, x2, y1, y2 }: { x1: number; x2: number; y1: number; y2: number }) {
  return (
    <rect
      x={x1}
      y={y1}
      width={Math.max(0, x2 - x1)}
      height={Math.max(0, y2 - y1)}
      fill="var(--accent)"
      fillOpacity={0.14}
      stroke="var(--accent)"
    />
  )
}

function colourOf({ x, y }: Point, { direction }: MetricFiguresFragment): string {
  const better = isBetter(y - x, direction)
  return better === null ? 'var(--baseline)' : better ? 'var(--better)' : 'var(--worse)'
}

/** Yes and no put all points on four places: each is moved a little, always the same way. */
function spread(
  point: Point,
  px: (x: number) => number,
  py: (y: number) => number,
  isBoolean: boolean,
): { cx: number; cy: number } {
  if (!isBoolean) return { cx: px(point.x), cy: py(point.y) }
  const angle = point.index * 2.4
  const radius = Math.min(34, 1.6 * Math.sqrt(point.index))
  const inward = (part: number) => 36 * (1 - 2 * part)
  return {
    cx: px(point.x) + inward(point.x) + radius * Math.cos(angle),
    cy: py(point.y) - inward(point.y) + radius * Math.sin(angle),
  }
}

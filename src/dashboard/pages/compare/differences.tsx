/** What besides the results differs between the runs, and how much of them cannot be compared. */
import { Anchor } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconAlertTriangle } from '@tabler/icons-react'
import { formatCount, plural } from '../../components/number-format.ts'
import { titleOfRun } from '../../components/run-name.ts'
import { previewOf } from '../../components/value-preview.ts'
import { nameOf } from '../../components/verdict.ts'
import type { MetricFiguresFragment } from '../../gql/graphql.ts'
import classes from './compare-page.module.css'
import type { ComparedRun, UnlikePart } from './compare-query.ts'
import type { CompareSearch } from './compare-search.ts'

interface Props {
  baseline: ComparedRun
  candidates: readonly ComparedRun[]
  metrics: readonly MetricFiguresFragment[] | null
  unlike: readonly UnlikePart[]
  search: CompareSearch
  onSearch: (now: Partial<CompareSearch>) => void
}

export function Differences({ baseline, candidates, metrics, unlike, search, onSearch }: Props) {
  const [opened, { toggle }] = useDisclosure(false)
  const runs = [baseline, ...candidates]
  const warnings = [...warningsOf(baseline, candidates, metrics ?? []), ...unlikeWords(candidates, unlike)]
  const properties = propertiesOf(runs).filter(({ values }) => new Set(values).size > 1)
  if (warnings.length === 0 && properties.length === 0) return null
  return (
    <section aria-label="What differs" className={warnings.length > 0 ? classes.warning : classes.note}>
      <div className={classes.warningHead}>
        {warnings.length > 0 && <IconAlertTriangle size={17} aria-hidden />}
        <ul>
          {warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
          {unlike.length > 0 && (
            <li>
              {search.unlike ? 'What is not alike is compared all the same.' : 'What is not alike is left out.'}{' '}
              <Anchor
                component="button"
                size="sm"
                onClick={() => onSearch({ unlike: search.unlike ? undefined : true })}
              >
                {search.unlike ? 'Leave it out' : 'Compare it all the same'}
              </Anchor>
            </li>
          )}
          {properties.length > 0 && (
            <li>
              {plural(properties.length, 'setting')} of the runs {properties.length === 1 ? 'differs' : 'differ'}:{' '}
              {properties.map(({ name }) => name).join(', ')}.{' '}
              <Anchor component="button" size="sm" onClick={toggle} aria-expanded={opened}>
                {opened ? 'Hide them' : 'Show them'}
              </Anchor>
            </li>
          )}
        </ul>
      </div>
      {opened && (
        <div className={classes.scrolls}>
          <table className={classes.properties}>
            <thead>
              <tr>
                <th scope="col">Setting</th>
                {runs.map(({ id, name }) => (
                  <th key={id} scope="col">
                    {titleOfRun(name)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {properties.map(({ name, values }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  {values.map((value, index) => (
                    <td key={runs[index]?.id}>{value}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

/** What makes a comparison mean less than it seems. */
function warningsOf(
  baseline: ComparedRun,
  candidates: readonly ComparedRun[],
  metrics: readonly MetricFiguresFragment[],
): string[] {
  const warnings: string[] = []
  for (const candidate of candidates) {
    const name = titleOfRun(candidate.name)
    if (candidate.datasetVersion !== baseline.datasetVersion) {
      warnings.push(
        `${name} ran on version ${candidate.datasetVersion} of the dataset, the baseline on version ${baseline.datasetVersion}.`,
      )
    }
    const gaps = metrics.filter(
      ({ candidate: { id }, metric, missing }) => id === candidate.id && metric.kind === 'SCORE' && missing > 0,
    )
    const most = gaps.toSorted((a, b) => b.missing - a.missing)[0]
    if (most) {
      warnings.push(
        `${name}: ${formatCount(most.missing)} items have no ${nameOf(most.metric)} in one of the two and are not compared; ${plural(most.pairs, 'pair')} are.`,
      )
    }
  }
  return warnings
}

const parts: Record<string, string> = {
  INPUT: 'another input',
  EXPECTED_OUTPUT: 'another expected output',
  METADATA: 'other metadata',
}

/** In what content and evaluators are not alike. */
function unlikeWords(candidates: readonly ComparedRun[], unlike: readonly UnlikePart[]): string[] {
  return unlike.map(({ kind, items, metric, candidate: { id } }) => {
    const run = titleOfRun(candidates.find((candidate) => candidate.id === id)?.name ?? '')
    if (kind === 'EVALUATOR')
      return `${metric ? nameOf(metric) : 'A score'} of ${run} is of another version of its evaluator.`
    return `${plural(items ?? 0, 'item')} of ${run} ${items === 1 ? 'has' : 'have'} ${parts[kind] ?? 'other content'}.`
  })
}

function propertiesOf(runs: readonly ComparedRun[]): { name: string; values: string[] }[] {
  const of = (name: string, value: (run: ComparedRun) => unknown) => ({
    name,
    values: runs.map((run) => previewOf(value(run) ?? '–')),
  })
  const keys = new Set(runs.flatMap(({ metadata }) => (isObject(metadata) ? Object.keys(metadata) : [])))
  return [
    of('experiment', ({ experiment }) => experiment.name),
    of('task', ({ task: { __typename: _, ...task } }) => task),
    of('dataset version', ({ datasetVersion }) => datasetVersion),
    of(
      'subset',
      ({ subset }) => subset && Object.fromEntries(Object.entries(subset).filter(([, part]) => part !== null)),
    ),
    of('seed', ({ seed }) => seed),
    of('evaluators', ({ evaluators }) => evaluators.map(({ evaluator, version }) => `${evaluator.name} v${version}`)),
    of('repetitions', ({ settings }) => settings.repetitions),
    of('concurrency', ({ settings }) => settings.concurrency),
    of('timeout', ({ settings }) => `${settings.timeoutMs} ms`),
    of('attempts', ({ settings }) => settings.maxAttempts),
    of('response cache', ({ settings }) => (settings.cache ? 'on' : 'off')),
    ...[...keys].map((key) => of(key, ({ metadata }) => (isObject(metadata) ? metadata[key] : undefined))),
  ]
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

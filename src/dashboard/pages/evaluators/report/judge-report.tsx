/** How far an evaluator may be believed: its verdicts beside those of people on the same outputs. */
import { Select, Skeleton, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useQuery } from 'urql'
import { messageOf } from '../../../components/answer.tsx'
import { Notice } from '../../../components/notice.tsx'
import { formatDelta, formatScore, plural } from '../../../components/number-format.ts'
import type { ScoreDataType } from '../../../gql/graphql.ts'
import { ConfusionTable } from './confusion-table.tsx'
import classes from './judge-report.module.css'
import { evaluatorReport, type Report } from './report-query.ts'
import { shareWithInterval, valueWithInterval, warningsOf } from './report-warnings.ts'

interface Props {
  evaluatorId: string
  /** The current one. */
  version: number
  /** The one that is shown. */
  shown: number
  /** Whether it is of a kind that may err, so that it should be checked by people; else it is left out without them. */
  isExpected: boolean
  onShow: (version: number) => void
}

export function JudgeReport({ evaluatorId, version, shown, isExpected, onShow }: Props) {
  const [{ data, error }] = useQuery({ query: evaluatorReport, variables: { id: evaluatorId, version: shown } })
  const found = data?.node && 'report' in data.node ? data.node : null
  const report = found?.report
  if (!isExpected && shown === version && !report?.items) return null
  return (
    <section className={classes.report} aria-labelledby="against-people">
      <div className={classes.head}>
        <Title order={2} size="h3" id="against-people">
          Against people
        </Title>
        {version > 1 && (
          <Select
            size="xs"
            w={150}
            aria-label="Version of the report"
            allowDeselect={false}
            data={Array.from({ length: version }, (_, index) => ({
              value: String(version - index),
              label: `Version ${version - index}${index === 0 ? ', current' : ''}`,
            }))}
            value={String(shown)}
            onChange={(chosen) => onShow(Number(chosen))}
          />
        )}
      </div>
      {error && !report ? (
        <Notice tone="WORSE" title="This could not be read">
          {messageOf(error)}
        </Notice>
      ) : !report || !found ? (
        data ? (
          <Text size="sm">There is no version {shown}.</Text>
        ) : (
          <Skeleton height={120} />
        )
      ) : report.items === 0 ? (
        <Text size="sm" className={classes.faint}>
          Nobody has judged outputs that version {report.version} has scored. <Link to="/review">Review</Link> some of
          them under its name, and this says how far it may be believed.
        </Text>
      ) : (
        <Figures report={report} dataType={found.dataType} />
      )}
    </section>
  )
}

function Figures({ report, dataType }: { report: Report; dataType: ScoreDataType }) {
  const warnings = warningsOf(report)
  const { confusion, byTag } = report
  return (
    <>
      {warnings.length > 0 && (
        <Notice tone="WARN" title={plural(warnings.length, 'thing to know', 'things to know')}>
          <ul className={classes.warnings}>
            {warnings.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </Notice>
      )}
      <div className={classes.columns}>
        <dl className={classes.figures}>
          {figuresOf(report).map(({ name, value, help }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd className={classes.value}>{value}</dd>
              <dd className={classes.faint}>{help}</dd>
            </div>
          ))}
        </dl>
        {confusion && <ConfusionTable labels={confusion.labels} counts={confusion.counts} dataType={dataType} />}
      </div>
      {byTag.length > 0 && <Tags report={report} />}
    </>
  )
}

interface Figure {
  name: string
  value: string
  help: string
}

function figuresOf(report: Report): Figure[] {
  const { items, agreement, kappa, truePositiveRate, trueNegativeRate, alpha, alphaOfPeople } = report
  const found: (Figure | null)[] = [
    { name: 'Outputs judged by both', value: items.toLocaleString('en-US'), help: 'with a verdict of people' },
    agreement && {
      name: 'Same verdict',
      value: shareWithInterval(agreement),
      help: 'says much only where no label is rare',
    },
    truePositiveRate && {
      name: 'Finds what is right',
      value: shareWithInterval(truePositiveRate),
      help: `of ${plural(truePositiveRate.count, 'output')} that people call right: true positive rate`,
    },
    trueNegativeRate && {
      name: 'Finds what is wrong',
      value: shareWithInterval(trueNegativeRate),
      help: `of ${plural(trueNegativeRate.count, 'output')} that people call wrong: true negative rate`,
    },
    kappa && { name: 'Cohen’s κ', value: valueWithInterval(kappa), help: 'agreement beyond chance; 1 is always' },
    alpha.value === null
      ? null
      : { name: 'Krippendorff’s α', value: valueWithInterval(alpha), help: 'of people and the evaluator together' },
    alphaOfPeople.value === null
      ? null
      : {
          name: 'α of people alone',
          value: valueWithInterval(alphaOfPeople),
          help: `of ${plural(alphaOfPeople.units, 'output')} that several judged: no judge can do better`,
        },
    report.bias && { name: 'Bias', value: valueWithInterval(report.bias, 3), help: 'evaluator − people, on average' },
    report.correlation === null
      ? null
      : { name: 'Correlation', value: formatScore(report.correlation, 2), help: 'Pearson’s' },
    report.drift && {
      name: `As version ${report.drift.version}`,
      value: shareWithInterval(report.drift.agreement),
      help: `of ${plural(report.drift.agreement.count, 'output')} that both scored${report.drift.difference ? `; mean ${valueWithInterval(report.drift.difference, 3)}` : ''}`,
    },
    report.lengthSlope && {
      name: 'Length',
      value: valueWithInterval(report.lengthSlope, 3),
      help: 'evaluator − people, more for every 1,000 bytes of an output',
    },
  ]
  return found.filter((figure) => figure !== null)
}

function Tags({ report: { byTag } }: { report: Report }) {
  const hasBias = byTag.some(({ bias }) => bias !== null)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={classes.scrolls} aria-label="By tag" tabIndex={0}>
      <table className={classes.tags}>
        <thead>
          <tr>
            <th scope="col">Tag</th>
            <th scope="col">Outputs</th>
            <th scope="col">Same verdict</th>
            {hasBias && <th scope="col">Bias</th>}
          </tr>
        </thead>
        <tbody>
          {byTag.map(({ tag, items, agreement, bias }) => (
            <tr key={tag}>
              <th scope="row">{tag}</th>
              <td>{items}</td>
              <td>{shareWithInterval(agreement)}</td>
              {hasBias && <td>{formatDelta(bias)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

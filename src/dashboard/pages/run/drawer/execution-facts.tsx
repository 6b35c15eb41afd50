/** What the execution of an item took, and how a model came to its answer. */
import { IconExternalLink } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import classes from '../../../components/item-frame.module.css'
import {
  formatBytes,
  formatCost,
  formatCount,
  formatDuration,
  formatMoment,
} from '../../../components/number-format.ts'
import { ValueView } from '../../../components/value-view.tsx'
import own from './item-drawer.module.css'
import type { DetailedItem } from './item-query.ts'

export function ExecutionFacts({ item }: { item: DetailedItem }) {
  const { generation, attempts, error, traceId, traceUrl, revision, datasetItem } = item
  return (
    <section aria-label="Execution">
      <h3>Execution</h3>
      <dl className={classes.facts}>
        <Fact name="Latency">{formatDuration(item.latencyMs)}</Fact>
        <Fact name="Cost">{item.costUsd === null ? 'unknown' : formatCost(item.costUsd)}</Fact>
        <Fact name="Tokens">
          {item.inputTokens === null && item.outputTokens === null
            ? 'unknown'
            : `${formatCount(item.inputTokens ?? 0)} in, ${formatCount(item.outputTokens ?? 0)} out`}
          {generation?.cachedInputTokens ? `, ${formatCount(generation.cachedInputTokens)} from the cache` : ''}
          {generation?.reasoningTokens ? `, ${formatCount(generation.reasoningTokens)} to reason` : ''}
        </Fact>
        {generation && (
          <Fact name="Model">
            {generation.model}
            {generation.steps > 1 && `, called ${generation.steps} times`}
            {generation.firstTokenMs !== null && `, first token after ${formatDuration(generation.firstTokenMs)}`}
            {generation.tokensPerSecond !== null && `, ${generation.tokensPerSecond.toFixed(0)} tokens / s`}
            {generation.finishReason !== 'STOP' && `; ended with ${wordsOf(generation.finishReason)}`}
          </Fact>
        )}
        {generation && generation.warnings.length > 0 && <Fact name="Warnings">{generation.warnings.join('; ')}</Fact>}
        <Fact name="Attempts">
          {attempts}
          {attempts > 1 && error && item.status !== 'FAILED' && `, the last failure: ${error.message}`}
        </Fact>
        {item.finishedAt !== null && <Fact name="Finished">{formatMoment(item.finishedAt)}</Fact>}
        {item.outputBytes !== null && item.outputBytes > 10_000 && (
          <Fact name="Size">{formatBytes(item.outputBytes)}</Fact>
        )}
        {item.cached && <Fact name="Cache">the output was taken from the response cache</Fact>}
        {datasetItem.key !== null && (
          <Fact name="Key">
            <span className="mono">{datasetItem.key}</span>
          </Fact>
        )}
        {revision.tags.length > 0 && <Fact name="Tags">{revision.tags.join(', ')}</Fact>}
        {revision.metadata !== null && (
          <Fact name="Metadata">
            <ValueView value={revision.metadata} />
          </Fact>
        )}
        {traceId !== null && (
          <Fact name="Trace">
            <span className="mono">
              {traceUrl ? (
                <a href={traceUrl} target="_blank" rel="noreferrer">
                  {traceId} <IconExternalLink size={13} aria-label="opens in a new tab" />
                </a>
              ) : (
                traceId
              )}
            </span>
          </Fact>
        )}
      </dl>
      {generation?.reasoning && (
        <details>
          <summary className={classes.faint}>What the model reasoned</summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
          <div className={own.reasoning} tabIndex={0}>
            {generation.reasoning}
          </div>
        </details>
      )}
    </section>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}

function wordsOf(code: string): string {
  return code.toLowerCase().replaceAll('_', ' ')
}

/** What changed between two versions: words of messages, parameters, the schema of the answer, and tools. */
import { Text } from '@mantine/core'
import diffClasses from '../../components/diff/diff-view.module.css'
import { ValueView } from '../../components/value-view.tsx'
import type { DifferenceKind } from '../../gql/graphql.ts'
import { wordsOf } from './parameter-words.ts'
import content from './prompt-content.module.css'
import classes from './prompt-page.module.css'
import type { VersionOfPage } from './prompt-query.ts'

type Diff = NonNullable<VersionOfPage['diff']>
type Parts = Diff['messages'][number]['parts']

const roles = { SYSTEM: 'System', USER: 'User', ASSISTANT: 'Assistant' }
const kinds: Record<DifferenceKind, string> = { ADDED: 'new', REMOVED: 'removed', CHANGED: 'changed', SAME: 'the same' }

export function VersionDiff({ diff }: { diff: VersionOfPage['diff'] }) {
  if (!diff) return <Text c="dimmed">There is no version before this one.</Text>
  if (diff.same) return <Text c="dimmed">It says the same as version {diff.before.version}.</Text>
  const { messages, parameters, output } = diff
  const tools = diff.tools.filter(({ kind }) => kind !== 'SAME')
  return (
    <div className={content.content}>
      <ol className={content.messages} aria-label="Messages of both versions">
        {messages.map(({ kind, before, after, parts }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: messages have no other identity and never move
          <li key={index} className={content.message} data-role={(after ?? before)?.role}>
            <span className={content.role}>
              {before && after && before.role !== after.role ? `${roles[before.role]} → ` : ''}
              {roles[(after ?? before)?.role ?? 'USER']} · {kinds[kind]}
            </span>
            <PartsView parts={parts} />
          </li>
        ))}
      </ol>
      {(parameters.length > 0 || (output && output.kind !== 'SAME') || tools.length > 0) && (
        <dl className={content.facts}>
          {parameters.map(({ name, before, after }) => (
            <Change key={name} label={wordsOf(name)}>
              <del className={classes.before}>{written(before)}</del> <span aria-hidden>→</span>{' '}
              <ins className={classes.after}>{written(after)}</ins>
            </Change>
          ))}
          {output && output.kind !== 'SAME' && (
            <Change label={`Answer as JSON, ${kinds[output.kind]}`}>
              <PartsView parts={output.parts} />
            </Change>
          )}
          {tools.map(({ name, kind, before, after }) => (
            <Change key={name} label={`Tool ${name}, ${kinds[kind]}`}>
              <ValueView value={shownTool(after ?? before)} />
            </Change>
          ))}
        </dl>
      )}
    </div>
  )
}

function PartsView({ parts }: { parts: Parts }) {
  return (
    <div className={diffClasses.diff}>
      {parts.map(({ kind, text }, index) => {
        // biome-ignore lint/suspicious/noArrayIndexKey: parts have no other identity and never move
        if (kind === 'SAME') return <span key={index}>{text}</span>
        const Element = kind === 'ADDED' ? 'ins' : 'del'
        // biome-ignore lint/suspicious/noArrayIndexKey: as above
        return <Element key={index}>{text}</Element>
      })}
    </div>
  )
}

function Change({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </>
  )
}

function written(value: unknown): string {
  if (value === null || value === undefined) return 'default'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function shownTool(tool: Diff['tools'][number]['after']) {
  return tool && { description: tool.description, inputSchema: tool.inputSchema }
}

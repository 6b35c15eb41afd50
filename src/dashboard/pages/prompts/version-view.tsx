/** One version: what it says, how it differs from another one, and what it answers for an item. */
import { SegmentedControl, Select, Skeleton } from '@mantine/core'
import { useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { LabelEditor } from './label-editor.tsx'
import { PromptContentView } from './prompt-content-view.tsx'
import classes from './prompt-page.module.css'
import { type PromptOfPage, promptVersionPage, type VersionInList } from './prompt-query.ts'
import type { PromptSearch } from './prompts-search.ts'
import { TryVersion } from './try-version.tsx'
import { VersionDiff } from './version-diff.tsx'

interface Props {
  prompt: PromptOfPage
  version: VersionInList
  search: PromptSearch
  onSearch: (now: Partial<PromptSearch>) => void
  onChanged: () => void
}

export function VersionView({ prompt, version, search, onSearch, onChanged }: Props) {
  const versions = prompt.versions?.nodes ?? []
  const others = versions.filter(({ id }) => id !== version.id)
  const against = others.find((other) => other.version === search.against) ?? null
  const [result, reread] = useQuery({
    query: promptVersionPage,
    variables: { id: version.id, fromId: against?.id ?? null },
  })
  const { view } = search
  return (
    <section className={classes.shown} aria-label={`Version ${version.version}`}>
      <div className={classes.shownHead}>
        <SegmentedControl
          aria-label="What is shown of the version"
          data={[
            { value: '', label: 'Content' },
            { value: 'changes', label: 'Changes', disabled: others.length === 0 },
            { value: 'try', label: 'Try it' },
          ]}
          value={view ?? ''}
          onChange={(now) => onSearch({ view: (now || undefined) as PromptSearch['view'] })}
        />
        {view === 'changes' ? (
          <Select
            aria-label="Compared with version"
            w={220}
            allowDeselect={false}
            data={others.map((other) => ({
              value: String(other.version),
              label: other.message ? `Since ${other.version} · ${other.message}` : `Since version ${other.version}`,
            }))}
            value={String(against?.version ?? Math.max(1, version.version - 1))}
            onChange={(now) => onSearch({ against: Number(now) === version.version - 1 ? undefined : Number(now) })}
          />
        ) : (
          <LabelEditor prompt={prompt} version={version.version} onChanged={onChanged} />
        )}
      </div>
      <Answer of={result} retry={reread} skeleton={<Skeleton height={200} />}>
        {({ node }) => {
          if (!node || !('variables' in node)) return null
          if (view === 'try') return <TryVersion prompt={prompt} version={node} search={search} onSearch={onSearch} />
          if (view === 'changes') return <VersionDiff diff={node.diff} />
          return <PromptContentView content={node.content} />
        }}
      </Answer>
    </section>
  )
}

/** Writes a prompt: a new one, or a new version of one, with what it becomes for an item beside it. */
import { Alert, Button, Group, Skeleton, Stack, Textarea, TextInput } from '@mantine/core'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { useMutation, useQuery } from 'urql'
import { Answer } from '../../components/answer.tsx'
import { EmptyState } from '../../components/empty-state.tsx'
import { LinkButton } from '../../components/link-button.tsx'
import { Page } from '../../components/page.tsx'
import { problemOf } from '../../data/mutate.ts'
import form from '../new-experiment/new-experiment.module.css'
import { variablesOf } from './editor/item-variables.ts'
import { contentOf, draftFieldOf, draftOf, draftProblems, emptyDraft, type PromptDraft } from './editor/prompt-draft.ts'
import { PromptEditor } from './editor/prompt-editor.tsx'
import { PromptPreview } from './preview/prompt-preview.tsx'
import { useItemToTry } from './preview/use-item-to-try.ts'
import classes from './prompt-page.module.css'
import { createPrompt, type PromptOfPage, promptPage, promptVersionPage, updatePrompt } from './prompt-query.ts'
import { DatasetToTry, useCall } from './try-version.tsx'

const newRoute = getRouteApi('/prompts/new')
const editRoute = getRouteApi('/prompts/$promptId/edit')

export function NewPromptPage() {
  const { dataset } = newRoute.useSearch()
  const navigate = newRoute.useNavigate()
  return (
    <Page
      title="New prompt"
      trail={
        <Link to="/prompts" search={{}}>
          Prompts
        </Link>
      }
    >
      <PromptForm
        prompt={null}
        initial={emptyDraft()}
        datasetId={dataset ?? null}
        onDataset={(id) => void navigate({ search: (before) => ({ ...before, dataset: id }), replace: true })}
      />
    </Page>
  )
}

export function EditPromptPage() {
  const { promptId } = editRoute.useParams()
  const search = editRoute.useSearch()
  const navigate = editRoute.useNavigate()
  const [result, reread] = useQuery({ query: promptPage, variables: { id: promptId } })
  const prompt = result.data?.node && 'versions' in result.data.node ? result.data.node : null
  const versions = prompt?.versions?.nodes ?? []
  const version = versions.find((one) => one.version === search.version) ?? versions[0]
  const [content, rereadContent] = useQuery({
    query: promptVersionPage,
    variables: { id: version?.id ?? '', fromId: null },
    pause: version === undefined,
  })
  const skeleton = (
    <Page title="Prompt">
      <Skeleton height={320} />
    </Page>
  )
  return (
    <Answer of={result} retry={reread} skeleton={skeleton}>
      {() =>
        prompt === null ? (
          <EmptyState
            order={1}
            title="There is no such prompt"
            message="It was deleted, or belongs to another project."
          >
            <LinkButton to="/prompts" search={{}} variant="default">
              Go to the prompts
            </LinkButton>
          </EmptyState>
        ) : (
          <Answer of={content} retry={rereadContent} skeleton={skeleton}>
            {({ node }) =>
              node && 'variables' in node ? (
                <Page
                  title={`Edit ${prompt.name}`}
                  description={`From version ${node.version}. Saving makes version ${prompt.version + 1}; the others stay.`}
                  trail={
                    <>
                      <Link to="/prompts" search={{}}>
                        Prompts
                      </Link>
                      <span aria-hidden>/</span>
                      <Link to="/prompts/$promptId" params={{ promptId }}>
                        {prompt.name}
                      </Link>
                    </>
                  }
                >
                  <PromptForm
                    key={node.id}
                    prompt={prompt}
                    initial={draftOf(node.content)}
                    datasetId={search.dataset ?? prompt.experiments?.nodes[0]?.dataset.id ?? null}
                    onDataset={(id) =>
                      void navigate({ search: (before) => ({ ...before, dataset: id }), replace: true })
                    }
                  />
                </Page>
              ) : (
                skeleton
              )
            }
          </Answer>
        )
      }
    </Answer>
  )
}

interface Props {
  /** Null: a new one. */
  prompt: PromptOfPage | null
  initial: PromptDraft
  datasetId: string | null
  onDataset: (id: string | undefined) => void
}

function PromptForm({ prompt, initial, datasetId, onDataset }: Props) {
  const [draft, setDraft] = useState(initial)
  const [name, setName] = useState('')
  const [description, setDescription] = useState('')
  const [message, setMessage] = useState('')
  const [problems, setProblems] = useState<Readonly<Record<string, string>>>({})
  // The version that was edited: somebody else's newer one is not overwritten unseen.
  const [basis] = useState(prompt?.version ?? null)
  const [creating, create] = useMutation(createPrompt)
  const [updating, update] = useMutation(updatePrompt)
  const navigate = useNavigate()
  const tried = useItemToTry(datasetId)
  const chosen = useCall(prompt)
  const isWhole = Object.keys(draftProblems(draft)).length === 0

  async function submit(event: FormEvent) {
    event.preventDefault()
    const found: Record<string, string> = { ...draftProblems(draft) }
    if (prompt === null && name.trim() === '') found.name = 'Expected a name, got nothing.'
    setProblems(found)
    if (Object.keys(found).length > 0) return
    const content = contentOf(draft)
    const about = message.trim() || null
    const result = prompt
      ? await update({ input: { id: prompt.id, content, message: about, ifVersion: basis } })
      : await create({ input: { name: name.trim(), description: description.trim() || null, content, message: about } })
    const refusal = problemOf(result)
    if (refusal) {
      const own = ['name', 'message'].find((field) => refusal.path?.at(-1) === field)
      return setProblems({ [draftFieldOf(refusal.path, draft) ?? own ?? 'all']: refusal.message })
    }
    const [outcome] = Object.values(result.data ?? {}) as { prompt?: { id: string } }[]
    if (outcome?.prompt)
      await navigate({ to: '/prompts/$promptId', params: { promptId: outcome.prompt.id }, search: {} })
  }

  return (
    <form className={form.form} onSubmit={submit} noValidate>
      <div className={form.parts}>
        {prompt === null && (
          <fieldset className={form.card}>
            <legend>Prompt</legend>
            <Stack>
              <TextInput
                label="Name"
                description="A / makes groups: support/answer"
                withAsterisk
                value={name}
                error={problems.name}
                onChange={(event) => setName(event.currentTarget.value)}
              />
              <Textarea
                label="What it is for"
                autosize
                minRows={1}
                maxRows={6}
                value={description}
                onChange={(event) => setDescription(event.currentTarget.value)}
              />
            </Stack>
          </fieldset>
        )}
        <fieldset className={form.card}>
          <legend>Content</legend>
          <PromptEditor draft={draft} problems={problems} variables={variablesOf(tried.item)} onChange={setDraft} />
        </fieldset>
        <fieldset className={form.card}>
          <legend>{prompt ? 'New version' : 'First version'}</legend>
          <Stack>
            <TextInput
              label="What changed"
              placeholder={prompt ? 'such as: ask for one sentence' : 'optional'}
              maxLength={2_000}
              value={message}
              error={problems.message}
              onChange={(event) => setMessage(event.currentTarget.value)}
            />
            {problems.all && (
              <Alert color="red" title="It was not saved">
                {problems.all}
              </Alert>
            )}
            <Group justify="flex-end">
              <Button type="submit" loading={creating.fetching || updating.fetching}>
                {prompt ? `Save as version ${prompt.version + 1}` : 'Create the prompt'}
              </Button>
            </Group>
          </Stack>
        </fieldset>
      </div>
      <div className={form.aside}>
        <div className={form.card}>
          <h2 className={form.asideTitle}>Preview</h2>
          <div className={classes.tryFields}>
            <DatasetToTry value={datasetId} onChange={(id) => onDataset(id ?? undefined)} />
            {chosen.fields}
          </div>
          <PromptPreview
            prompt={isWhole ? { content: contentOf(draft) } : null}
            tried={tried}
            call={chosen.call}
            withoutItem={
              datasetId === null
                ? 'Choose a dataset to see the prompt with one of its items.'
                : 'The dataset has no items yet.'
            }
          />
        </div>
      </div>
    </form>
  )
}

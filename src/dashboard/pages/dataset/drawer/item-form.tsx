/** The content of an item, new or as it is. Saving makes a new version of the dataset. */
import { Button, Group, Stack, TagsInput, Text, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useMutation } from 'urql'
import { notifyOf, problemOf } from '../../../data/mutate.ts'
import { graphql } from '../../../gql/gql.ts'
import type { DatasetPageDataset } from '../dataset-query.ts'
import { draftOf, readDraft, ValueEditor } from './value-editor.tsx'

const saveItem = graphql(`
  mutation SaveDatasetItem($input: UpsertDatasetItemsInput!) {
    upsertDatasetItems(input: $input) {
      __typename
      ... on UpsertDatasetItemsPayload {
        dataset { id version itemCount tags { tag count } }
        items { id item { id } }
        added
        changed
      }
      ... on UserError { message path }
    }
  }
`)

interface Props {
  dataset: DatasetPageDataset
  /** Null: a new one. */
  item: {
    id: string
    key: string | null
    input?: unknown
    expectedOutput?: unknown
    metadata?: unknown
    tags: readonly string[]
  } | null
  onSaved: (id: string) => void
  onCancel: () => void
}

type Field = 'input' | 'expectedOutput' | 'metadata' | 'key' | 'tags'

export function ItemForm({ dataset, item, onSaved, onCancel }: Props) {
  const [saving, save] = useMutation(saveItem)
  const [input, setInput] = useState(() => (item ? draftOf(item.input, false) : { kind: 'TEXT' as const, text: '' }))
  const [expected, setExpected] = useState(() => draftOf(item?.expectedOutput, true))
  const [metadata, setMetadata] = useState(() => draftOf(item?.metadata, true))
  const [key, setKey] = useState(item?.key ?? '')
  const [tags, setTags] = useState<string[]>([...(item?.tags ?? [])])
  const [refused, setRefused] = useState<{ field: string | undefined; message: string } | null>(null)
  const values = { input: readDraft(input), expectedOutput: readDraft(expected), metadata: readDraft(metadata) }
  const known = dataset.tags?.map(({ tag }) => tag) ?? []
  const problem = (field: Field) =>
    (field in values ? values[field as keyof typeof values].problem : null) ??
    (refused?.field === field ? refused.message : null)

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (Object.values(values).some((value) => value.problem !== null)) return
    const result = await save({
      input: {
        datasetId: dataset.id,
        items: [
          {
            id: item?.id,
            key: key.trim() || null,
            input: values.input.value,
            expectedOutput: values.expectedOutput.value,
            metadata: values.metadata.value,
            tags,
          },
        ],
      },
    })
    const found = problemOf(result)
    // ["input", "items", "0", "key", …]
    setRefused(found && { field: found.path?.[3], message: found.message })
    const outcome = result.data?.upsertDatasetItems
    if (outcome?.__typename !== 'UpsertDatasetItemsPayload') return
    const [saved] = outcome.items
    const { version } = outcome.dataset
    notifyOf(result, outcome.added + outcome.changed > 0 ? `Saved as version ${version}.` : 'Nothing has changed.')
    if (saved) onSaved(saved.item.id)
  }

  const isShown =
    refused !== null && ['input', 'expectedOutput', 'metadata', 'key', 'tags'].includes(refused.field ?? '')
  return (
    <form onSubmit={submit} aria-label={item ? 'Edit the item' : 'New item'}>
      <Stack>
        <ValueEditor label="Input" draft={input} onChange={setInput} problem={problem('input')} autoFocus />
        <ValueEditor
          label="Expected output"
          draft={expected}
          onChange={setExpected}
          problem={problem('expectedOutput')}
          optional
        />
        <TextInput
          label="Key"
          description="Your own name for the item, unique in the dataset. May be empty."
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
          error={problem('key')}
        />
        <TagsInput
          label="Tags"
          placeholder={tags.length === 0 ? 'A tag, then Enter' : undefined}
          data={known}
          value={tags}
          onChange={setTags}
          error={problem('tags')}
        />
        <ValueEditor
          label="Metadata"
          draft={metadata}
          onChange={setMetadata}
          problem={problem('metadata')}
          optional
          jsonOnly
        />
        {refused !== null && !isShown && (
          <Text c="var(--worse)" size="sm" role="alert">
            {refused.message}
          </Text>
        )}
        <Group gap={8}>
          <Button type="submit" loading={saving.fetching}>
            {item ? 'Save' : 'Add the item'}
          </Button>
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

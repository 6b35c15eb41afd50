/** The projects in which the caller's key is valid. */
import { Button, Modal, Skeleton, Stack, TextInput } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { useMutation, useQuery } from 'urql'
import { Age } from '../../components/age.tsx'
import { Answer } from '../../components/answer.tsx'
import { formatCount } from '../../components/number-format.ts'
import { problemOf } from '../../data/mutate.ts'
import { graphql } from '../../gql/gql.ts'
import classes from './settings.module.css'

const projectsQuery = graphql(`
  query SettingsProjects($after: String) {
    projects(first: 30, after: $after) {
      nodes { id name createdAt counts { datasets experiments runs } }
      pageInfo { hasNextPage endCursor }
    }
  }
`)

const createProject = graphql(`
  mutation CreateProject($input: CreateProjectInput!) {
    createProject(input: $input) {
      __typename
      ... on CreateProjectPayload { project { id name } }
      ... on UserError { message path }
    }
  }
`)

export function Projects({ shown, mayCreate }: { shown: string; mayCreate: boolean }) {
  const [result, reread] = useQuery({ query: projectsQuery, variables: { after: null } })
  const [creating, setCreating] = useState(false)
  return (
    <div className={classes.part}>
      <div className={classes.head}>
        <p className={classes.intro}>
          Everything belongs to a project, and a key of one project sees no other.
          {!mayCreate && ' Projects are created with an administrator’s key of the installation.'}
        </p>
        {mayCreate && (
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setCreating(true)}>
            New project
          </Button>
        )}
      </div>
      <Answer of={result} retry={reread} skeleton={<Skeleton height={160} />}>
        {() => (
          <div className={classes.scrolls}>
            <table className={classes.table} aria-label="Projects">
              <thead>
                <tr>
                  <th>Name</th>
                  <th>Datasets</th>
                  <th>Experiments</th>
                  <th>Runs</th>
                  <th>Created</th>
                </tr>
              </thead>
              <tbody>
                <ProjectRows after={null} shown={shown} />
              </tbody>
            </table>
          </div>
        )}
      </Answer>
      <Modal opened={creating} onClose={() => setCreating(false)} title="New project">
        <CreateProject
          onDone={() => {
            setCreating(false)
            reread({ requestPolicy: 'network-only' })
          }}
        />
      </Modal>
    </div>
  )
}

function ProjectRows({ after, shown }: { after: string | null; shown: string }) {
  const [{ data }] = useQuery({ query: projectsQuery, variables: { after } })
  const [more, setMore] = useState(false)
  const page = data?.projects
  return (
    <>
      {page?.nodes.map(({ id, name, createdAt, counts }) => (
        <tr key={id}>
          <td>
            <Link to="/" search={{ project: name }}>
              {name}
            </Link>
            {id === shown && <span className={classes.faint}> (shown)</span>}
          </td>
          <td>{formatCount(counts.datasets)}</td>
          <td>{formatCount(counts.experiments)}</td>
          <td>{formatCount(counts.runs)}</td>
          <td>
            <Age of={createdAt} />
          </td>
        </tr>
      ))}
      {page?.pageInfo.hasNextPage &&
        (more ? (
          <ProjectRows after={page.pageInfo.endCursor ?? null} shown={shown} />
        ) : (
          <tr>
            <td colSpan={5}>
              <Button variant="subtle" fullWidth onClick={() => setMore(true)}>
                Show more
              </Button>
            </td>
          </tr>
        ))}
    </>
  )
}

function CreateProject({ onDone }: { onDone: () => void }) {
  const [creating, create] = useMutation(createProject)
  const [name, setName] = useState('')
  const [problem, setProblem] = useState<string | null>(null)

  async function submit(event: FormEvent) {
    event.preventDefault()
    const found = problemOf(await create({ input: { name: name.trim() } }))
    setProblem(found?.message ?? null)
    if (!found) onDone()
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="Name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          error={problem}
          required
          withAsterisk={false}
          data-autofocus
        />
        <Button type="submit" loading={creating.fetching}>
          Create
        </Button>
      </Stack>
    </form>
  )
}

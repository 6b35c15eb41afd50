/** The project of the page, and, for a caller of the installation, the way to another. */
import { Button, Menu, ScrollArea, Text } from '@mantine/core'
import { IconCheck, IconLogout, IconSelector } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useQuery } from 'urql'
import { reportSignedOut } from '../data/connection.ts'
import { signOut } from '../data/session.ts'
import { graphql } from '../gql/gql.ts'

const viewerQuery = graphql(`
  query ShellViewer {
    viewer { installation role person { id name } project { id name } }
    projects(first: 100) { nodes { id name } }
  }
`)

export function ProjectSwitch() {
  const [{ data }] = useQuery({ query: viewerQuery })
  const navigate = useNavigate()
  if (!data) return null
  const { viewer, projects } = data
  return (
    <Menu position="top-start" width={240} withinPortal>
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          fullWidth
          justify="space-between"
          rightSection={<IconSelector size={15} aria-hidden />}
          mb={6}
          px={10}
          aria-label={`Project ${viewer.project.name}, as ${viewer.person.name}`}
        >
          <Text span size="sm" fw={560} truncate c="var(--text)">
            {viewer.project.name}
          </Text>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Project</Menu.Label>
        <ScrollArea.Autosize mah={320}>
          {(projects?.nodes ?? []).map(({ id, name }) => (
            <Menu.Item
              key={id}
              rightSection={id === viewer.project.id ? <IconCheck size={15} aria-label="shown" /> : null}
              onClick={() => navigate({ to: '/', search: { project: name } })}
            >
              {name}
            </Menu.Item>
          ))}
        </ScrollArea.Autosize>
        <Menu.Divider />
        <Menu.Label>
          {viewer.person.name} · {viewer.role.toLowerCase()}
        </Menu.Label>
        <Menu.Item leftSection={<IconLogout size={15} aria-hidden />} onClick={() => signOut().then(reportSignedOut)}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

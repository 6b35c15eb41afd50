import { Button, Menu } from '@mantine/core'
import { IconCheck, IconChevronDown, IconScale } from '@tabler/icons-react'
import { memo } from 'react'
import { Age } from '../../components/age.tsx'
import { titleOfRun } from '../../components/run-name.ts'
import type { RunPageRun } from './run-query.ts'

interface Props {
  run: Pick<RunPageRun, 'id' | 'dataset'>
  baselineId: string | null
  /** `none`, an id, or undefined for the approved baseline of the dataset. */
  onChoose: (id: string | undefined) => void
}

/** Which run this one is compared with. */
export const BaselineChoice = memo(function BaselineChoice({ run, baselineId, onChoose }: Props) {
  const others = (run.dataset.runs?.nodes ?? []).filter(({ id }) => id !== run.id)
  const approved = run.dataset.baseline?.run.id
  const chosen = others.find(({ id }) => id === baselineId)
  if (others.length === 0) return null
  return (
    <Menu position="bottom-end" width={320}>
      <Menu.Target>
        <Button
          variant="default"
          leftSection={<IconScale size={16} aria-hidden />}
          rightSection={<IconChevronDown size={14} aria-hidden />}
          maw={300}
        >
          {baselineId === null ? 'Compare with…' : `Against ${chosen ? titleOfRun(chosen.name) : 'the baseline'}`}
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah={380} style={{ overflowY: 'auto' }}>
        <Menu.Item onClick={() => onChoose('none')} rightSection={baselineId === null ? <Chosen /> : null}>
          Not compared
        </Menu.Item>
        <Menu.Divider />
        {others.map(({ id, name, createdAt }) => (
          <Menu.Item
            key={id}
            onClick={() => onChoose(id === approved ? undefined : id)}
            rightSection={id === baselineId ? <Chosen /> : null}
          >
            {titleOfRun(name)}
            <span style={{ color: 'var(--text-2)', fontSize: 'var(--mantine-font-size-xs)' }}>
              {' '}
              · <Age of={createdAt} />
              {id === approved && ' · approved baseline'}
            </span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
})

function Chosen() {
  return <IconCheck size={15} aria-label="chosen" />
}

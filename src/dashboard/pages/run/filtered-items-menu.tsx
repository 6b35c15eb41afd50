/** What can be done with everything that the filters leave. */
import { Button, Menu } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconChevronDown, IconCopy, IconTag, IconTargetArrow } from '@tabler/icons-react'
import { lazy, Suspense, useState } from 'react'
import type { ItemUse, UsedItem } from './item-use.ts'
import type { RunPageRun } from './run-query.ts'

const UseItems = lazy(() => import('./use-items.tsx'))

interface Props {
  run: RunPageRun
  /** Reads the items that the filters leave, at most so many; rejects with what to tell the person. */
  collect: (limit: number) => Promise<{ items: UsedItem[]; more: boolean }>
}

/** What the API takes at once. */
const maxItems = 1_000

export function FilteredItemsMenu({ run, collect }: Props) {
  const [items, setItems] = useState<UsedItem[]>([])
  const [use, setUse] = useState<ItemUse | null>(null)
  const [reading, setReading] = useState(false)

  async function begin(use: ItemUse) {
    setReading(true)
    try {
      const { items, more } = await collect(maxItems)
      if (more) {
        const message = `The filters leave more than ${maxItems.toLocaleString('en-US')} items: narrow them down first.`
        return void notifications.show({ color: 'red', title: 'These are too many', message })
      }
      setItems(items)
      setUse(use)
    } catch (error) {
      notifications.show({ color: 'red', title: 'That did not work', message: String((error as Error).message) })
    } finally {
      setReading(false)
    }
  }

  const icon = { size: 15, 'aria-hidden': true } as const
  return (
    <>
      <Menu position="bottom-start">
        <Menu.Target>
          <Button size="xs" variant="default" loading={reading} rightSection={<IconChevronDown {...icon} />}>
            Use these items
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconCopy {...icon} />} onClick={() => begin('COPY')}>
            Copy to a dataset…
          </Menu.Item>
          <Menu.Item leftSection={<IconTag {...icon} />} onClick={() => begin('TAG')}>
            Tag…
          </Menu.Item>
          <Menu.Item leftSection={<IconTargetArrow {...icon} />} onClick={() => begin('EXPECT')}>
            Take the outputs as expected…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {items.length > 0 && (
        <Suspense fallback={null}>
          <UseItems run={run} items={items} use={use} onClose={() => setUse(null)} />
        </Suspense>
      )}
    </>
  )
}

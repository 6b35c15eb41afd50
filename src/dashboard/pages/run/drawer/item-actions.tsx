import { Button } from '@mantine/core'
import { IconCopy, IconTag, IconTargetArrow } from '@tabler/icons-react'
import { lazy, Suspense, useState } from 'react'
import classes from '../../../components/item-frame.module.css'
import type { ItemUse } from '../item-use.ts'
import type { RunPageRun } from '../run-query.ts'
import type { DetailedItem } from './item-query.ts'

const UseItems = lazy(() => import('../use-items.tsx'))

/** From seeing to doing: what can be made of this item. */
export function ItemActions({ run, item }: { run: RunPageRun; item: DetailedItem }) {
  const [use, setUse] = useState<ItemUse | null>(null)
  const icon = { size: 15, 'aria-hidden': true } as const
  return (
    <div className={classes.actions} data-no-print>
      <Button size="xs" variant="default" leftSection={<IconCopy {...icon} />} onClick={() => setUse('COPY')}>
        Copy to a dataset
      </Button>
      <Button size="xs" variant="default" leftSection={<IconTag {...icon} />} onClick={() => setUse('TAG')}>
        Tag
      </Button>
      {item.status === 'SUCCEEDED' && !item.outputTruncated && (
        <Button
          size="xs"
          variant="default"
          leftSection={<IconTargetArrow {...icon} />}
          onClick={() => setUse('EXPECT')}
        >
          Take the output as expected
        </Button>
      )}
      {use !== null && (
        <Suspense fallback={null}>
          <UseItems run={run} items={[item]} use={use} onClose={() => setUse(null)} />
        </Suspense>
      )}
    </div>
  )
}

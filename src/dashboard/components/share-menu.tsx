/** A page to pass on: its address, a picture of it, its figures as a file, or on paper. */
import { Button, Menu } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconCamera, IconLink, IconPrinter, IconShare2, IconTable } from '@tabler/icons-react'
import { memo, useState } from 'react'
import { downloadFile } from './download-file.ts'
import { printPage } from './print-page.ts'

interface Props {
  /** Of the files, without an extension. */
  name: string
  /** The figures of the page: the address of a file, or its lines. */
  csv: { href: string } | { rows: () => readonly (readonly unknown[])[] }
  size?: 'xs' | 'sm'
}

const icon = { size: 16, 'aria-hidden': true } as const

export const ShareMenu = memo(function ShareMenu({ name, csv, size = 'sm' }: Props) {
  const [drawing, setDrawing] = useState(false)

  async function copyLink() {
    try {
      await navigator.clipboard.writeText(location.href)
      notifications.show({ message: 'The address is in the clipboard.' })
    } catch {
      notifications.show({ message: 'This browser does not let pages copy: take the address from its bar.' })
    }
  }

  async function savePicture() {
    setDrawing(true)
    try {
      const { pictureOf } = await import('./picture-of.ts')
      downloadFile(`${name}.png`, await pictureOf(document.querySelector<HTMLElement>('[data-page]') ?? document.body))
    } catch (error) {
      notifications.show({ color: 'red', title: 'The picture could not be made', message: String(error) })
    } finally {
      setDrawing(false)
    }
  }

  return (
    <Menu position="bottom-end" width={220} withinPortal={false}>
      <Menu.Target>
        <Button size={size} variant="default" leftSection={<IconShare2 {...icon} />} loading={drawing}>
          Share
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconLink {...icon} />} onClick={copyLink}>
          Copy the link
        </Menu.Item>
        <Menu.Item leftSection={<IconCamera {...icon} />} onClick={savePicture}>
          Save as PNG
        </Menu.Item>
        {'href' in csv ? (
          <Menu.Item leftSection={<IconTable {...icon} />} component="a" href={csv.href} download>
            Save as CSV
          </Menu.Item>
        ) : (
          <Menu.Item
            leftSection={<IconTable {...icon} />}
            onClick={async () => {
              const { toCsv } = await import('./to-csv.ts')
              downloadFile(`${name}.csv`, new Blob([toCsv(csv.rows())], { type: 'text/csv' }))
            }}
          >
            Save as CSV
          </Menu.Item>
        )}
        <Menu.Item leftSection={<IconPrinter {...icon} />} onClick={() => void printPage()}>
          Print
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
})

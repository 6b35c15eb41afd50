/** A page on which a file can be dropped anywhere. */
import { IconFileImport } from '@tabler/icons-react'
import { type DragEvent, type ReactNode, useRef, useState } from 'react'
import classes from './import.module.css'

export function DropZone({ onFile, children }: { onFile: (file: File) => void; children: ReactNode }) {
  const [over, setOver] = useState(false)
  /** Elements below report their own entering and leaving. */
  const depth = useRef(0)
  const hasFile = (event: DragEvent) => event.dataTransfer.types.includes('Files')

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button Import does the same by keyboard
    <div
      className={classes.zone}
      onDragEnter={(event) => {
        if (!hasFile(event)) return
        depth.current += 1
        setOver(true)
      }}
      onDragLeave={(event) => {
        if (!hasFile(event)) return
        depth.current -= 1
        if (depth.current <= 0) setOver(false)
      }}
      onDragOver={(event) => hasFile(event) && event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault()
        depth.current = 0
        setOver(false)
        const [file] = event.dataTransfer.files
        if (file) onFile(file)
      }}
    >
      {children}
      {over && (
        <div className={classes.over} aria-hidden>
          <IconFileImport size={44} stroke={1.3} />
          Drop the file to see what becomes of it
        </div>
      )}
    </div>
  )
}

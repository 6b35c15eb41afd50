import { IconPlugConnectedX } from '@tabler/icons-react'
import { useConnection } from '../data/connection.ts'
import classes from './shell.module.css'

/** Says that what is shown may be old, while the socket is being opened again. */
export function ConnectionNotice() {
  const connection = useConnection()
  return (
    <div role="status" aria-live="polite">
      {connection === 'LOST' && (
        <div className={classes.notice}>
          <IconPlugConnectedX size={16} aria-hidden />
          The connection to the server is interrupted. Trying again; nothing is lost meanwhile.
        </div>
      )}
    </div>
  )
}

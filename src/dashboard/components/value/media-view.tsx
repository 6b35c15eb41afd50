/**
 * A picture, sound or film. What lies elsewhere is a link: loading it would tell its host who looks at what, and the
 * page's policy forbids it.
 */
import { IconExternalLink, IconFile } from '@tabler/icons-react'
import classes from './value-view.module.css'

interface Props {
  url: string
  mediaType?: string | undefined
  name?: string | undefined
}

export function MediaView({ url, mediaType, name }: Props) {
  const isHere = /^(data:|\/)/.test(url)
  if (!isHere) {
    return (
      <a href={/^https?:/.test(url) ? url : undefined} target="_blank" rel="noreferrer" className={classes.link}>
        {url} <IconExternalLink size={13} aria-label="opens in a new tab" />
      </a>
    )
  }
  const type = mediaType ?? /^data:([\w.+-]+\/[\w.+-]+)/.exec(url)?.[1] ?? ''
  if (type.startsWith('image/')) return <img src={url} alt={name ?? ''} className={classes.media} />
  if (type.startsWith('audio/')) {
    // biome-ignore lint/a11y/useMediaCaption: what a system returned has none
    return <audio controls src={url} className={classes.media} aria-label={name ?? 'Sound'} />
  }
  if (type.startsWith('video/')) {
    // biome-ignore lint/a11y/useMediaCaption: as above
    return <video controls src={url} className={classes.media} aria-label={name ?? 'Film'} />
  }
  return (
    <a href={url} download={name ?? true} className={classes.link}>
      <IconFile size={15} aria-hidden /> {name ?? (type || 'file')}
    </a>
  )
}

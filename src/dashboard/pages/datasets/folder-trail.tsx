import { Link } from '@tanstack/react-router'
import classes from './datasets-page.module.css'

/** The way to a folder, as links. */
export function FolderTrail({ parts }: { parts: readonly string[] }) {
  return (
    <>
      <Link to="/datasets" search={{}}>
        Datasets
      </Link>
      {parts.map((part, index) => {
        const path = parts.slice(0, index + 1).join('/')
        return (
          <span key={path} className={classes.step}>
            <span aria-hidden>/</span>
            <Link to="/datasets" search={{ folder: path }}>
              {part}
            </Link>
          </span>
        )
      })}
    </>
  )
}

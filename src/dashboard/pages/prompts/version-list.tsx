/** The versions of a prompt, newest first. */
import { Age } from '../../components/age.tsx'
import { formatCount } from '../../components/number-format.ts'
import { LabelChip } from './label-chip.tsx'
import classes from './prompt-page.module.css'
import type { VersionInList } from './prompt-query.ts'

interface Props {
  versions: readonly VersionInList[]
  /** The number of the newest. */
  total: number
  shown: number
  onShow: (version: number) => void
}

export function VersionList({ versions, total, shown, onShow }: Props) {
  return (
    <nav className={classes.versions} aria-label="Versions">
      <ol>
        {versions.map(({ id, version, message, createdAt, author, labels }) => (
          <li key={id}>
            <button
              type="button"
              className={classes.version}
              aria-current={version === shown ? 'true' : undefined}
              onClick={() => onShow(version)}
            >
              <span className={classes.versionHead}>
                <span className={classes.number}>{version}</span>
                {labels.map((label) => (
                  <LabelChip key={label} name={label} />
                ))}
              </span>
              {message && <span className={classes.message}>{message}</span>}
              <span className={classes.faint}>
                {author && `${author.name} · `}
                <Age of={createdAt} />
              </span>
            </button>
          </li>
        ))}
      </ol>
      {versions.length < total && (
        <p className={classes.faint}>
          The newest {formatCount(versions.length)} of {formatCount(total)} versions.
        </p>
      )}
    </nav>
  )
}

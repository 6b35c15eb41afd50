import classes from './prompt-page.module.css'

/** A label of a prompt, with the version that has it where that is not said otherwise. */
export function LabelChip({ name, version }: { name: string; version?: number }) {
  return (
    <span className={classes.label}>
      {name}
      {version !== undefined && <span className={classes.labelVersion}>{version}</span>}
    </span>
  )
}

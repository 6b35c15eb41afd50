import { Link } from '@tanstack/react-router'
import classes from './shell.module.css'

export function Brand() {
  return (
    <Link to="/" className={classes.brand}>
      <img src="/favicon.svg" alt="" width={22} height={22} />
      Assay
    </Link>
  )
}

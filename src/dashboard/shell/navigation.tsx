import {
  IconCode,
  IconFlask2,
  IconGavel,
  IconHome,
  IconMessage2,
  IconSettings,
  IconTable,
  IconUserCheck,
} from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useGraphiqlAddress } from '../data/page-query.ts'
import classes from './shell.module.css'

const iconProps = { size: 17, stroke: 1.7, 'aria-hidden': true } as const

export function Navigation() {
  const graphiql = useGraphiqlAddress()
  return (
    <nav aria-label="Pages">
      <Link to="/" className={classes.link} activeOptions={{ exact: true, includeSearch: false }}>
        <IconHome {...iconProps} />
        Start
      </Link>
      <Link to="/datasets" search={{}} className={classes.link} activeOptions={{ includeSearch: false }}>
        <IconTable {...iconProps} />
        Datasets
      </Link>
      <Link to="/experiments" search={{}} className={classes.link} activeOptions={{ includeSearch: false }}>
        <IconFlask2 {...iconProps} />
        Experiments
      </Link>
      <Link to="/prompts" search={{}} className={classes.link} activeOptions={{ includeSearch: false }}>
        <IconMessage2 {...iconProps} />
        Prompts
      </Link>
      <Link to="/evaluators" search={{}} className={classes.link} activeOptions={{ includeSearch: false }}>
        <IconGavel {...iconProps} />
        Evaluators
      </Link>
      <Link to="/review" search={{}} className={classes.link} activeOptions={{ includeSearch: false }}>
        <IconUserCheck {...iconProps} />
        Review
      </Link>
      <Link to="/settings" search={{}} className={classes.link} activeOptions={{ includeSearch: false }}>
        <IconSettings {...iconProps} />
        Settings
      </Link>
      <a href={graphiql} className={classes.link} title="GraphiQL, with the query of this page">
        <IconCode {...iconProps} />
        GraphiQL
      </a>
    </nav>
  )
}

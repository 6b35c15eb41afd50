import { Link } from '@tanstack/react-router'
import type { ExperimentTaskFragment } from '../../gql/graphql.ts'
import { PromptContentView } from '../prompts/prompt-content-view.tsx'
import classes from './experiments-page.module.css'

type PromptTask = Extract<ExperimentTaskFragment, { __typename: 'PromptTask' }>

/** The prompt of a task: which version of which one, and what it says. */
export function PromptOfTask({ task: { prompt } }: { task: PromptTask }) {
  const { name, label, version, prompt: stored, content } = prompt
  return (
    <div className={classes.prompt}>
      {name !== null && (
        <p className={classes.faint}>
          {label !== null
            ? `Label ${label} of `
            : version !== null
              ? `Version ${version} of `
              : 'The newest version of '}
          {stored ? (
            <Link to="/prompts/$promptId" params={{ promptId: stored.id }}>
              {stored.name}
            </Link>
          ) : (
            `${name}, which was deleted`
          )}
        </p>
      )}
      {content && <PromptContentView content={content} />}
    </div>
  )
}

/** What can score outputs, with what each says and an example. */
import { Code, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Template } from './evaluator-draft.ts'
import { evaluatorKinds, groups } from './evaluator-kinds.ts'
import classes from './evaluators-page.module.css'

interface Props {
  /** Judges to begin with. */
  templates: readonly Template[]
  /** Of the server's config. */
  functions: readonly { name: string; description: string | null }[]
}

export function EvaluatorCatalogue({ templates, functions }: Props) {
  return (
    <>
      {groups.map((group) => (
        <section key={group} aria-label={group}>
          <Title order={2} size="h3" mb="xs">
            {group}
          </Title>
          <ul className={classes.catalogue}>
            {group === 'Judges' &&
              templates.map(({ name, description }) => (
                <li key={name}>
                  <Link
                    to="/evaluators/new"
                    search={(before) => ({ ...before, kind: `judge:${name}` })}
                    className={classes.card}
                  >
                    <span className={classes.cardName}>{name}</span>
                    <span>{description}</span>
                  </Link>
                </li>
              ))}
            {evaluatorKinds
              .filter((kind) => kind.group === group)
              .map(({ member, label, help, example }) => (
                <li key={member}>
                  <Link
                    to="/evaluators/new"
                    search={(before) => ({ ...before, kind: member })}
                    className={classes.card}
                  >
                    <span className={classes.cardName}>{label}</span>
                    <span>{help}</span>
                    <span className={classes.faint}>{example}</span>
                  </Link>
                </li>
              ))}
          </ul>
        </section>
      ))}
      <section aria-label="Functions">
        <Title order={2} size="h3" mb="xs">
          Functions of your own
        </Title>
        {functions.length === 0 ? (
          <Text c="dimmed" size="sm">
            This server has none. Put an evaluator into <Code>assay.config.ts</Code> and start the server in its
            directory.
          </Text>
        ) : (
          <ul className={classes.catalogue}>
            {functions.map(({ name, description }) => (
              <li key={name}>
                <Link
                  to="/evaluators/new"
                  search={(before) => ({ ...before, kind: `function:${name}` })}
                  className={classes.card}
                >
                  <span className={classes.cardName}>{name}</span>
                  <span className={classes.faint}>{description ?? 'A function of assay.config.ts.'}</span>
                </Link>
              </li>
            ))}
          </ul>
        )}
      </section>
    </>
  )
}

/** What a prompt says, to be read: messages with their names told apart, then what is set besides. */
import { ValueView } from '../../components/value-view.tsx'
import type { PromptContentPartsFragment } from '../../gql/graphql.ts'
import { wordsOf } from './parameter-words.ts'
import classes from './prompt-content.module.css'

const roles = { SYSTEM: 'System', USER: 'User', ASSISTANT: 'Assistant' }

export function PromptContentView({ content }: { content: PromptContentPartsFragment }) {
  const { messages, parameters, outputSchema, tools, maxSteps } = content
  const set = Object.entries(parameters).filter(([name, value]) => name !== '__typename' && value !== null)
  return (
    <div className={classes.content}>
      <ol className={classes.messages} aria-label="Messages of the prompt">
        {messages.map(({ role, content: text }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: messages have no other identity and never move
          <li key={index} className={classes.message} data-role={role}>
            <span className={classes.role}>{roles[role]}</span>
            <TemplateText text={text} />
          </li>
        ))}
      </ol>
      {(set.length > 0 || outputSchema !== null || tools.length > 0) && (
        <dl className={classes.facts}>
          {set.map(([name, value]) => (
            <Fact key={name} label={wordsOf(name)} value={typeof value === 'object' ? value : String(value)} />
          ))}
          {outputSchema !== null && outputSchema !== undefined && <Fact label="Answer as JSON" value={outputSchema} />}
          {tools.map(({ name, description, inputSchema, function: called }) => (
            <Fact
              key={name}
              label={`Tool ${name}`}
              value={{ ...(description ? { description } : {}), inputSchema, calls: calls(called) }}
            />
          ))}
          {tools.length > 0 && <Fact label="Calls of the model" value={`at most ${maxSteps}`} />}
        </dl>
      )}
    </div>
  )
}

function Fact({ label, value }: { label: string; value: unknown }) {
  return (
    <>
      <dt>{label}</dt>
      <dd>{typeof value === 'string' ? value : <ValueView value={value} />}</dd>
    </>
  )
}

/** A template with the tags in it marked. */
export function TemplateText({ text }: { text: string }) {
  const pieces = text.split(/(\{\{\{?[^{}]*\}?\}\})/)
  return (
    <div className={classes.text}>
      {pieces.map((piece, index) =>
        index % 2 === 1 ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other identity and never move
          <code key={index} className={classes.tag}>
            {piece}
          </code>
        ) : (
          piece
        ),
      )}
    </div>
  )
}

type Called = PromptContentPartsFragment['tools'][number]['function']

function calls(called: Called): string {
  if (!called) return 'nothing'
  return called.__typename === 'ModuleTool' ? `the function ${called.name}` : `${called.method} ${called.url}`
}

import classes from './value-view.module.css'

/** Characters above which JSON is one colour: every coloured part is an element. */
const maxColoured = 60_000

/** JSON with its parts told apart by colour, as wide as it needs. */
export function JsonView({ value }: { value: unknown }) {
  const text = JSON.stringify(value, null, 2)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <pre className={classes.json} tabIndex={0}>
      {text.length > maxColoured ? text : <Json value={value} indent="" />}
    </pre>
  )
}

/** Characters of a text after which it is cut: a picture as a data URL is shown, not read. */
const maxTextInJson = 4_000

function Json({ value, indent }: { value: unknown; indent: string }) {
  if (typeof value === 'string') {
    const isData = value.startsWith('data:') && value.length > 200
    const shown = isData
      ? `${value.slice(0, 60)}…`
      : value.length > maxTextInJson
        ? `${value.slice(0, maxTextInJson)}…`
        : value
    return <span className={classes.string}>{JSON.stringify(shown)}</span>
  }
  if (typeof value !== 'object' || value === null) return <span className={classes.literal}>{String(value)}</span>
  const isList = Array.isArray(value)
  const entries = Object.entries(value)
  if (entries.length === 0) return isList ? '[]' : '{}'
  const inner = `${indent}  `
  return (
    <>
      {isList ? '[' : '{'}
      {entries.map(([key, part], index) => (
        <span key={key}>
          {`\n${inner}`}
          {!isList && (
            <>
              <span className={classes.key}>{JSON.stringify(key)}</span>
              {': '}
            </>
          )}
          <Json value={part} indent={inner} />
          {index < entries.length - 1 && ','}
        </span>
      ))}
      {`\n${indent}`}
      {isList ? ']' : '}'}
    </>
  )
}

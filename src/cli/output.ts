/**
 * What commands print. Results go to stdout, everything else to stderr; colours and tables are for terminals, where
 * NO_COLOR and the width are respected.
 */
import { styleText } from 'node:util'
import Table from 'cli-table3'
import { Option } from 'commander'
import stringWidth from 'string-width'

type Out = Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>

/** Prints the result as one JSON document. */
export function jsonOption(): Option {
  return new Option('--json', 'print the result as JSON').default(false)
}

export function printLine(text: string): void {
  process.stdout.write(`${text}\n`)
}

export function printJson(value: unknown): void {
  printLine(JSON.stringify(value, null, 2))
}

/** For the user, not for programs that read the result. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

export function mark(passed: boolean, stream: NodeJS.WritableStream = process.stdout): string {
  return passed ? styleText('green', '✓', { stream }) : styleText('red', '✗', { stream })
}

/**
 * Rows below their headings. On a terminal that is too narrow for them, one line for each cell; where nobody looks,
 * tab-separated, so that programs can read it.
 */
export function listOf(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  out: Out = process.stdout,
): string {
  if (!out.isTTY) return [head, ...rows].map((row) => row.map(oneLine).join('\t')).join('\n')
  const table = new Table({ head: [...head], chars: noBorders, style })
  table.push(...rows.map((row) => row.map(oneLine)))
  return fitting(table.toString(), head, rows, out)
}

/** The table, or its rows as `heading: cell` where it is wider than the terminal. */
export function fitting(
  table: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { isTTY, columns = Number.POSITIVE_INFINITY }: Out = process.stdout,
): string {
  const lines = table.split('\n').map((line) => line.trimEnd())
  if (!isTTY || lines.every((line) => stringWidth(line) <= columns)) return lines.join('\n')
  return rows
    .map(([name = '', ...cells]) => {
      const named = cells.map((cell, index) => `  ${head[index + 1] ?? ''}: ${oneLine(cell)}`)
      return [oneLine(name), ...named].join('\n')
    })
    .join('\n')
}

/** Without line ends, and without characters that would move the cursor or change colours. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim()
}

const style = { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 }
const noBorders = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}

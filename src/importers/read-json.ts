import { FormatError } from './results.ts'

/**
 * Parses JSON as Python writes it, too: NaN and Infinity, which JSON does not have, become null.
 * @param left called for each of them
 * @throws {FormatError} naming the file and the place
 */
export function parseJson(text: string, name: string, left: () => void = () => {}): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const tolerant = text.replaceAll(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\b(?:NaN|Infinity)\b/g, (found) => {
      if (found.startsWith('"')) return found
      left()
      return 'null'
    })
    try {
      return JSON.parse(tolerant)
    } catch {
      throw new FormatError(`${name} is not JSON: ${(error as Error).message}.`)
    }
  }
}

/** The lines of JSON Lines, each with its number. @throws {FormatError} */
export function parseLines(text: string, name: string, left?: () => void): { value: unknown; line: number }[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    return [{ value: parseJson(line, `Line ${index + 1} of ${name}`, left), line: index + 1 }]
  })
}

/** What a text is, so that it can be shown as such. */
export type ReadText = { kind: 'PLAIN' | 'MARKDOWN' | 'MEDIA' } | { kind: 'JSON'; value: object }

/** Longer texts are shown as they are. */
const maxLength = 200_000

const markdown = [
  /^#{1,6} \S/m,
  /^(```|~~~)/m,
  /^ *[-*+] \S.*\n+ *[-*+] \S/m,
  /^ *\d+[.)] \S.*\n+ *\d+[.)] \S/m,
  /\*\*[^*\n]+\*\*/,
  /`[^`\n]+`/,
  /!?\[[^\]\n]*\]\([^)\s]+\)/,
  /^\|.+\|[ \t]*\n\|[ :|-]+\|/m,
  /^> \S/m,
]

export function readText(text: string): ReadText {
  if (/^data:(image|audio|video)\/[\w.+-]+[;,]/.test(text) || /^https?:\/\/\S+$/.test(text)) return { kind: 'MEDIA' }
  if (text.length > maxLength) return { kind: 'PLAIN' }
  if (/^\s*[[{]/.test(text)) {
    try {
      const value: unknown = JSON.parse(text)
      if (typeof value === 'object' && value !== null) return { kind: 'JSON', value }
    } catch {
      // Only begins like JSON.
    }
  }
  return { kind: markdown.some((pattern) => pattern.test(text)) ? 'MARKDOWN' : 'PLAIN' }
}

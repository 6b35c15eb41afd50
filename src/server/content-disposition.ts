/** The header for a file of any name: a plain name for old clients, the exact one for all others. */
export function contentDisposition(type: 'inline' | 'attachment', filename: string | null): string {
  if (filename === null) return type
  const plain = filename.replace(/[^\w.-]+/g, '-')
  const exact = encodeURIComponent(filename.toWellFormed()).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${type}; filename="${plain}"; filename*=UTF-8''${exact}`
}

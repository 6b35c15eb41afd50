/** Saves what the page has made, as a link to a file would. */
export function downloadFile(name: string, content: Blob): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name.replaceAll(/[/\\:*?"<>|]+/g, '-')
  link.click()
  // The browser has opened it by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** Whether a client takes a coding of content, by its `Accept-Encoding`. */
export function accepts(acceptEncoding: string | undefined, coding: string): boolean {
  return (acceptEncoding ?? '').split(',').some((part) => {
    const [name, quality] = part.split(';').map((text) => text.trim().toLowerCase())
    return name === coding && !/^q=0(\.0*)?$/.test(quality ?? '')
  })
}

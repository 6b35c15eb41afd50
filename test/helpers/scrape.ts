import { expect } from 'vitest'

/** The samples of a scrape: `name{labels}` → value, summed over the processes of a server. */
export async function scrape(url: string): Promise<Map<string, number>> {
  const response = await fetch(`${url}/metrics`)
  expect(response.headers.get('content-type')).toContain('version=0.0.4')
  const lines = (await response.text()).split('\n').filter((line) => line && !line.startsWith('#'))
  const samples = new Map<string, number>()
  for (const line of lines) {
    const space = line.lastIndexOf(' ')
    const name = line
      .slice(0, space)
      .replace(/,?process="[a-z]+"/, '')
      .replace('{}', '')
    samples.set(name, (samples.get(name) ?? 0) + Number(line.slice(space + 1)))
  }
  return samples
}

/** A server with people of two projects, and what they do with files over HTTP. */
import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { createApiKey } from '../../src/engine/projects/api-keys.ts'
import { createProject } from '../../src/engine/projects/projects.ts'
import { testScope } from '../helpers/scope.ts'
import { startTestServer } from '../helpers/server.ts'

export async function startAttachmentServer() {
  const t = await startTestServer()
  const elsewhere = await createProject(t.db, t.scope, { name: 'elsewhere' })
  const keyOf = async (role: 'READ' | 'WRITE', projectId = t.scope.projectId) => {
    const { key } = await createApiKey(t.db, await testScope(t.db, projectId), { name: randomUUID(), role })
    return { authorization: `Bearer ${key}` }
  }
  const writer = await keyOf('WRITE')
  const reader = await keyOf('READ')
  const third = await keyOf('WRITE', (await createProject(t.db, t.scope, { name: 'third' })).id)
  const foreigner = await keyOf('WRITE', elsewhere.id)

  const post = (body: BodyInit, headers: Record<string, string> = {}, query = '') =>
    fetch(`${t.url}/attachments${query}`, {
      method: 'POST',
      body,
      headers: { ...writer, ...headers },
      duplex: 'half',
    } as RequestInit)

  const upload = async (body: BodyInit, mediaType = 'image/png', query = '') => {
    const response = await post(body, { 'content-type': mediaType }, query)
    expect(response.status, await response.clone().text()).toBe(201)
    return (await response.json()) as Record<'id' | 'sha256' | 'url' | 'mediaType', string> & {
      filename: string | null
    }
  }

  const get = (id: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(`${t.url}/attachments/${id}`, { method, headers: { ...reader, ...headers } })

  return { t, writer, reader, foreigner, third, post, upload, get }
}

export const errorOf = async (response: Response) => ({
  status: response.status,
  ...((await response.json()) as object),
})

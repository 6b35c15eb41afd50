import { describe, expect, it } from 'vitest'
import { openHttpClient } from '../../src/tasks/http-client.ts'
import { type Endpoint, useEndpoint } from './http-endpoint.ts'
import { taskContext, taskItem } from './task-items.ts'

const endpoint = useEndpoint()
const task: Endpoint['task'] = (...args) => endpoint().task(...args)
const failure: Endpoint['failure'] = (...args) => endpoint().failure(...args)

describe('the address policy', () => {
  const metadata = [
    '169.254.169.254',
    '[fe80::1]',
    '[fd00:ec2::254]',
    '[::ffff:169.254.169.254]',
    '[64:ff9b::a9fe:a9fe]',
    '[64:ff9b:1::a9fe:a9fe]',
    '[2002:a9fe:a9fe::1]',
    '[::169.254.169.254]',
    '[::a9fe:a9fe]',
    '2852039166',
    '168.63.129.16',
    '[::ffff:168.63.129.16]',
    '100.100.100.200',
    '192.0.0.192',
    '[fd20:ce::254]',
    '[fd00:ec2::23]',
    '[fd00:c1::a9fe:a9fe]',
  ]
  it.each(metadata)('never allows %s', async (host) => {
    expect(await failure('', { url: `http://${host}/latest/meta-data` })).toMatchObject({
      code: 'BLOCKED_ADDRESS',
      retryable: false,
      message: expect.stringContaining('link-local and metadata addresses are never called'),
    })
  })

  it.each([
    '127.0.0.1',
    '[::1]',
    '10.0.0.1',
    '192.168.1.1',
    '172.16.0.1',
    '100.64.0.1',
    '0.0.0.0',
    '[fd12::1]',
    '[::ffff:10.0.0.1]',
    'localhost',
  ])('keeps %s for servers that allow private addresses', async (host) => {
    const strict = openHttpClient({ allowPrivate: false })
    const call = task({ url: `http://${host}:${new URL(endpoint().server.url).port}/answer` }, strict)(
      taskItem(),
      taskContext(),
    )
    await expect(call).rejects.toMatchObject({ code: 'BLOCKED_ADDRESS', retryable: false })
    await strict.close()
    expect(endpoint().server.requests).toEqual([])
  })

  it('names the address that a host name resolved to', async () => {
    const strict = openHttpClient({ allowPrivate: false })
    const call = task({ url: 'http://localhost:1/' }, strict)(taskItem(), taskContext())
    await expect(call).rejects.toThrow(
      /localhost has the address (127\.0\.0\.1|::1): loopback addresses are not called/,
    )
    await strict.close()
  })
})

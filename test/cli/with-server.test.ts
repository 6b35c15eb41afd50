import { expect, test, vi } from 'vitest'
import { Interrupted } from '../../src/cli/cli-error.ts'
import { withServer } from '../../src/cli/with-server.ts'

test('a Ctrl-C that npm and the terminal both forward is one', async () => {
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never)
  const interrupted = withServer({ url: 'http://127.0.0.1:1', dataDir: '' }, () => {
    process.emit('SIGINT')
    process.emit('SIGINT')
    return new Promise<never>(() => {})
  })
  await expect(interrupted).rejects.toBeInstanceOf(Interrupted)
  expect(exit).not.toHaveBeenCalled()
  exit.mockRestore()
})

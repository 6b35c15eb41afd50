import { expect, test } from 'vitest'
import type { RunExecution } from '../../../src/engine/execution/run-execution.ts'
import { RunExecutions } from '../../../src/engine/execution/run-executions.ts'

const execution = (name: string) => ({ name }) as unknown as RunExecution

function counted() {
  const loads: PromiseWithResolvers<RunExecution | null>[] = []
  const executions = new RunExecutions(() => {
    const load = Promise.withResolvers<RunExecution | null>()
    loads.push(load)
    return load.promise
  })
  return { loads, executions }
}

test('all lanes of a run share one execution, which is loaded once and dropped with the last of them', async () => {
  const { loads, executions } = counted()
  const first = execution('first')
  const [one, two] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const used: unknown[] = []
  const using = [one, two].map(({ promise }) =>
    executions.use('run', (execution) => {
      used.push(execution)
      return promise
    }),
  )
  expect(executions.get('run')).toBeNull()
  loads[0]?.resolve(first)
  await expect.poll(() => used).toEqual([first, first])
  expect(loads).toHaveLength(1)
  expect([...executions]).toEqual([first])

  one.resolve()
  await using[0]
  expect(executions.get('run')).toBe(first)
  two.resolve()
  await using[1]
  expect([...executions]).toEqual([])

  const again = executions.use('run', async (execution) => execution)
  loads[1]?.resolve(execution('second'))
  expect(await again).toEqual(execution('second'))
})

test('an execution that could not be loaded is loaded again for the next lane', async () => {
  const { loads, executions } = counted()
  const failing = executions.use('run', async () => {})
  loads[0]?.reject(new Error('the database is away'))
  await expect(failing).rejects.toThrow('the database is away')
  const next = executions.use('run', async (execution) => execution)
  loads[1]?.resolve(null)
  expect(await next).toBeNull()
})

test('an execution survives failing work while others use it', async () => {
  const { loads, executions } = counted()
  const open = Promise.withResolvers<void>()
  const failing = executions.use('run', () => Promise.reject(new Error('no')))
  const working = executions.use('run', () => open.promise)
  loads[0]?.resolve(execution('shared'))
  await expect(failing).rejects.toThrow('no')
  expect(executions.get('run')).toEqual(execution('shared'))
  open.resolve()
  await working
  expect(executions.get('run')).toBeNull()
})

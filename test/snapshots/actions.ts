/** Actions that scenarios share. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Api } from './api.ts'

/** @param task the name of a function, or another task's input @returns its id */
export async function createExperiment(
  api: Api,
  datasetId: string,
  name: string,
  task: string | object,
  more: object = {},
  gate?: object,
): Promise<string> {
  const input = { name, datasetId, task: typeof task === 'string' ? { module: { name: task } } : task, ...more }
  const created = await api.mutate<{ experiment: { id: string } }>(
    'createExperiment',
    'CreateExperimentPayload',
    'experiment { id }',
    input,
  )
  const experimentId = created.experiment.id
  if (gate) await api.mutate('setGate', 'SetGatePayload', 'experiment { id }', { experimentId, gate })
  return experimentId
}

/** @returns its id */
export async function startRun(api: Api, experimentId: string, name: string, more: object = {}): Promise<string> {
  const input = { experimentId, name, ...more }
  const { run } = await api.mutate<{ run: { id: string } }>('startRun', 'StartRunPayload', 'run { id }', input)
  return run.id
}

interface Progress {
  status: string
  total: number
  queued: number
  running: number
  succeeded: number
}

/** Waits until a run has progressed this far. */
export async function until(api: Api, runId: string, reached: (progress: Progress) => boolean): Promise<Progress> {
  for (;;) {
    const { node } = await api.ask<{ node: { status: string; progress: Omit<Progress, 'status'> } }>(
      `query ($id: ID!) { node(id: $id) { ... on Run { status progress { total queued running succeeded } } } }`,
      { id: runId },
    )
    const progress = { status: node.status, ...node.progress }
    if (reached(progress)) return progress
    await delay(10)
  }
}

/** Waits for the end of a run, which must have this status. @returns its id */
export async function finish(api: Api, runId: string, expected = 'COMPLETED'): Promise<string> {
  const over = ({ status, running }: Progress) => status !== 'QUEUED' && status !== 'RUNNING' && running === 0
  const { status } = await until(api, runId, over)
  if (status !== expected) throw new Error(`expected a run to be ${expected}, got ${status}`)
  return runId
}

import type { Task, TaskSpec } from '../domain/execution/task.ts'
import { createTask } from '../tasks/registry.ts'
import { fileLoader, withFiles } from './attachments/files-for-task.ts'
import { openProvider } from './providers/open-provider.ts'
import type { Services } from './services.ts'

/**
 * A task with the providers and files of a project.
 * @throws {InvalidInputError} a spec that `parseTaskSpec` would refuse
 */
export function createProjectTask(services: Services, projectId: string, spec: TaskSpec): Task {
  const models = {
    projectId,
    connect: (name: string) => openProvider(services, projectId, name),
    loadFile: fileLoader(services.db.pool, { projectId }),
  }
  const task = createTask(spec, services.functions, services.http, models)
  // Prompts load the files that their messages show.
  return spec.kind === 'prompt' ? task : withFiles(task, services.db.pool, { projectId })
}

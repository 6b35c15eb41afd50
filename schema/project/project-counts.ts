import { maxProjectCount, type ProjectCounts as ProjectCountsRow } from '../../src/db/sql/project/count-contents.ts'
import { builder } from '../builder.ts'
import { ProjectRef } from '../refs.ts'

const upTo = `exact up to ${maxProjectCount.toLocaleString('en')}, which means that many or more`

const ProjectCounts = builder.objectRef<ProjectCountsRow>('ProjectCounts').implement({
  description: `Numbers of objects in a project, as of one moment. Each is ${upTo}.`,
  fields: (t) => ({
    datasets: t.exposeInt('datasets', { description: 'Datasets.' }),
    experiments: t.exposeInt('experiments', { description: 'Experiments.' }),
    evaluators: t.exposeInt('evaluators', { description: 'Evaluators, without deleted ones.' }),
    runs: t.exposeInt('runs', { description: 'Runs in any state.' }),
    queuedRuns: t.exposeInt('queuedRuns', { description: 'Runs that wait for a worker.' }),
    runningRuns: t.exposeInt('runningRuns', { description: 'Runs whose items are being executed.' }),
  }),
})

builder.objectField(ProjectRef, 'counts', (t) =>
  t.field({
    type: ProjectCounts,
    description: `Numbers of objects in it, each ${upTo}.`,
    extensions: { counts: 6 * maxProjectCount },
    resolve: async ({ id }, _args, { loaders }) => {
      const counts = await loaders.projectCounts.load(id)
      if (!counts) throw new Error(`no counts of project ${id}`)
      return counts
    },
  }),
)

import type { ProjectUsage as Usage } from '../../src/db/sql/project/quota.ts'
import { noQuota, type Quota, setProjectQuota } from '../../src/engine/projects/quotas.ts'
import { builder } from '../builder.ts'
import { linkTo } from '../links.ts'
import { mutation } from '../mutation.ts'
import { ProjectRef } from '../refs.ts'

const ProjectQuota = builder.objectRef<Quota>('ProjectQuota').implement({
  description:
    'What a project may have at most. Whoever would have more gets an error with the code LIMIT that says which quota it is;\nwhat exists and what has begun stays. Null: any number.',
  fields: (t) => ({
    runItems: t.exposeInt('runItems', {
      nullable: true,
      description: 'Items of all its runs together, repetitions included.',
    }),
    storageMb: t.exposeInt('storageMb', {
      nullable: true,
      description: 'Items, outputs, scores and files, in MB of 1,048,576 bytes.',
    }),
    concurrentCalls: t.exposeInt('concurrentCalls', {
      nullable: true,
      description: 'Calls of tasks and evaluators by workers at once; more of them wait.',
    }),
    subscriptions: t.exposeInt('subscriptions', {
      nullable: true,
      description: 'Subscriptions at once, on each server.',
    }),
  }),
})

const ProjectUsage = builder.objectRef<Usage>('ProjectUsage').implement({
  description: 'How much of what quotas limit a project has.',
  fields: (t) => ({
    runItems: t.exposeFloat('runItems', {
      description: 'Items of all its runs together, repetitions included; a whole number.',
    }),
    storageMb: t.exposeFloat('storageMb', {
      nullable: true,
      description: 'MB of items, outputs, scores and files, as of a minute or so ago; null while no quota limits it.',
    }),
    concurrentCalls: t.exposeInt('concurrentCalls', { description: 'Items that workers and clients execute now.' }),
  }),
})

builder.objectFields(ProjectRef, (t) => ({
  quota: t.field({
    type: ProjectQuota,
    description: 'What it may have at most.',
    resolve: async ({ id }, _args, { loaders }) => (await loaders.projectQuotas.load(id)) ?? noQuota,
  }),
  usage: t.field({
    type: ProjectUsage,
    description: 'How much it has of what its quota limits.',
    // It adds up the runs.
    extensions: { cost: 100 },
    resolve: async ({ id }, _args, { loaders }) => {
      const usage = await loaders.projectUsages.load(id)
      if (!usage) throw new Error(`no usage of project ${id}`)
      return usage
    },
  }),
}))

mutation('setProjectQuota', {
  description:
    'Sets what the project of this request may have at most, all of it at once. It holds within seconds.\nRequires a key of the installation with the role ADMIN.',
  input: {
    description: 'Quotas; null or omitted: any number.',
    fields: (t) => ({
      runItems: t.int({ description: 'Items of all its runs together, repetitions included: from 0.' }),
      storageMb: t.int({ description: 'Items, outputs, scores and files, in MB of 1,048,576 bytes: from 0.' }),
      concurrentCalls: t.int({ description: 'Calls of tasks and evaluators by workers at once: 1–100,000.' }),
      subscriptions: t.int({ description: 'Subscriptions at once, on each server: from 0.' }),
    }),
  },
  errors: [],
  resolve: async (input, { services, scope }) => {
    await setProjectQuota(services, scope, input)
    return { projectId: scope.projectId }
  },
  payload: {
    description: 'The quotas were set.',
    fields: (t) => ({
      project: t.field({
        type: ProjectRef,
        description: 'The project with its quotas as they are now.',
        resolve: linkTo('project', ({ projectId }) => projectId),
      }),
    }),
  },
})

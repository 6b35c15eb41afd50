/**
 * Reads what is about finished runs alone from a replica that has them as the database has them. What it cannot answer,
 * as when it had to end a statement to catch up, is read from the database.
 */
import type { Plugin } from '@envelop/core'
import { isAsyncIterable } from '@envelop/core'
import type { ExecutionArgs } from 'graphql'
import { type Context, createContext } from '../../schema/context.ts'
import type { Replica } from '../db/replica.ts'
import { runsOf } from './finished-runs/subject.ts'

export function useReplica(replica: Replica): Plugin<Context> {
  return {
    async onExecute({ args, executeFn, setExecuteFn }) {
      const { services, scope } = args.contextValue as Context
      const runIds = runsOf(args)
      if (!runIds || !(await replica.has(services.db.pool, { projectId: scope.projectId, runIds }))) return
      setExecuteFn(async (input: ExecutionArgs) => {
        const context = input.contextValue as Context
        const there = createContext({ ...context, services: { ...services, db: replica.db } })
        const result = await executeFn({ ...input, contextValue: { ...context, ...there } })
        return isAsyncIterable(result) || !result.errors ? result : executeFn(input)
      })
    },
  }
}

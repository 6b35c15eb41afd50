/**
 * To-one links by foreign key. `t.prismaField` plans and asks once for each parent, which makes a page of 100 runs with their
 * datasets half as slow again. Here all parents of a field share one plan, and all that ask alike share one statement.
 */
import { queryFromInfo } from '@pothos/plugin-prisma'
import DataLoader from 'dataloader'
import type { GraphQLResolveInfo } from 'graphql'
import type {
  Dataset,
  Evaluator,
  EvaluatorVersion,
  Experiment,
  PrismaClient,
  Run,
} from '../src/db/generated/prisma/client.ts'

interface Rows {
  dataset: Dataset
  evaluator: Evaluator
  evaluatorVersion: EvaluatorVersion
  experiment: Experiment
  run: Run
}

type Model = keyof Rows

type Loader<Row> = DataLoader<string, Row>

/** Of one request, or of one event of a subscription. Who may see a parent may see what it links to. */
export class Links {
  readonly #prisma: PrismaClient
  readonly #loaders = new Map<string, Loader<unknown>>()
  readonly #planned = new Map<unknown, Loader<unknown>>()

  /** @param runs rows that are at hand; they are not read again. */
  constructor(prisma: PrismaClient, runs: readonly Run[]) {
    this.#prisma = prisma
    for (const run of runs) this.#loader('run', {}).prime(run.id, run)
  }

  /** The row with this id. @throws {Error} when there is none */
  load<Name extends Model>(model: Name, id: string): Promise<Rows[Name]> {
    return this.#loader(model, {}).load(id)
  }

  /** The same, with the relations that the selection of this field needs. */
  follow<Name extends Model>(model: Name, id: string, context: object, info: GraphQLResolveInfo): Promise<Rows[Name]> {
    // One array for all parents of a field, interpreted and compiled.
    let loader = this.#planned.get(info.fieldNodes) as Loader<Rows[Name]> | undefined
    if (!loader) {
      loader = this.#loader(model, queryFromInfo({ context, info }))
      this.#planned.set(info.fieldNodes, loader)
    }
    return loader.load(id)
  }

  #loader<Name extends Model>(model: Name, query: object): Loader<Rows[Name]> {
    const key = `${model} ${JSON.stringify(query)}`
    let loader = this.#loaders.get(key) as Loader<Rows[Name]> | undefined
    if (!loader) {
      loader = new DataLoader((ids) => this.#read(model, query, ids))
      this.#loaders.set(key, loader)
    }
    return loader
  }

  async #read<Name extends Model>(model: Name, query: object, ids: readonly string[]): Promise<(Rows[Name] | Error)[]> {
    // The types of the models' methods have nothing in common that could be called.
    const { findMany } = this.#prisma[model] as unknown as { findMany(query: object): Promise<Rows[Name][]> }
    const found = await findMany({ ...query, where: { id: { in: ids } } })
    const rows = new Map(found.map((row) => [row.id, row]))
    return ids.map((id) => rows.get(id) ?? new Error(`${model} ${id} is referred to but does not exist`))
  }
}

/** Resolves a field to the row that its parent's foreign key names. */
export function linkTo<Name extends Model, Parent>(model: Name, foreignKey: (parent: Parent) => string) {
  return (parent: Parent, _args: object, context: { loaders: { links: Links } }, info: GraphQLResolveInfo) =>
    context.loaders.links.follow(model, foreignKey(parent), context, info)
}

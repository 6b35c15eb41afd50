/**
 * To-one links by foreign key, batched: one statement per model for all rows of a page, and each linked row is read
 * once. `t.prismaField` would plan and query once for each row (figures in docs/graphql.md).
 */
import DataLoader from 'dataloader'
import type {
  Dataset,
  Evaluator,
  EvaluatorVersion,
  Experiment,
  Person,
  PrismaClient,
  Project,
  Prompt,
  PromptVersion,
  ReviewQueue,
  Run,
} from '../src/db/generated/prisma/client.ts'
import { encodeGlobalId } from '../src/domain/global-id.ts'

interface Rows {
  dataset: Dataset
  evaluator: Evaluator
  evaluatorVersion: EvaluatorVersion
  experiment: Experiment
  person: Person
  project: Project
  prompt: Prompt
  promptVersion: PromptVersion
  reviewQueue: ReviewQueue
  run: Run
}

type Loader<Row> = DataLoader<string, Row>

class MissingRow extends Error {}

/** New for each request and each event of a subscription. Not scoped: a caller may see what a visible row refers to. */
export class Links {
  readonly #loaders: { [Model in keyof Rows]: Loader<Rows[Model]> }

  constructor(prisma: PrismaClient) {
    this.#loaders = {
      dataset: byId('Dataset', (where) => prisma.dataset.findMany({ where })),
      evaluator: byId('Evaluator', (where) => prisma.evaluator.findMany({ where })),
      evaluatorVersion: byId('EvaluatorVersion', (where) => prisma.evaluatorVersion.findMany({ where })),
      experiment: byId('Experiment', (where) => prisma.experiment.findMany({ where })),
      person: byId('Person', (where) => prisma.person.findMany({ where })),
      project: byId('Project', (where) => prisma.project.findMany({ where })),
      prompt: byId('Prompt', (where) => prisma.prompt.findMany({ where })),
      promptVersion: byId('PromptVersion', (where) => prisma.promptVersion.findMany({ where })),
      reviewQueue: byId('ReviewQueue', (where) => prisma.reviewQueue.findMany({ where })),
      run: byId('Run', (where) => prisma.run.findMany({ where })),
    }
  }

  /** The row with this id. @throws {Error} when there is none */
  load<Model extends keyof Rows>(model: Model, id: string): Promise<Rows[Model]> {
    return this.#loaders[model].load(id)
  }

  /** The row with this id; null when it was deleted. For references that the database does not enforce. */
  find<Model extends keyof Rows>(model: Model, id: string): Promise<Rows[Model] | null> {
    return this.#loaders[model].load(id).catch((error: unknown) => {
      if (error instanceof MissingRow) return null
      throw error
    })
  }

  /** Links to this run resolve to this row. */
  keepRun(run: Run): void {
    this.#loaders.run.prime(run.id, run)
  }
}

function byId<Row extends { id: string }>(
  type: string,
  findMany: (where: { id: { in: string[] } }) => Promise<Row[]>,
): Loader<Row> {
  return new DataLoader(async (ids) => {
    const rows = new Map((await findMany({ id: { in: [...ids] } })).map((row) => [row.id, row]))
    return ids.map((id) => rows.get(id) ?? missing(type, id))
  })
}

/** The error for a row that another one refers to. */
export function missing(type: string, id: string): Error {
  return new MissingRow(`${type} ${encodeGlobalId(type, id)} is referred to but does not exist`)
}

/** Resolves a field to the row that its parent's foreign key names. */
export function linkTo<Model extends keyof Rows, Parent>(model: Model, foreignKey: (parent: Parent) => string) {
  return (parent: Parent, _args: object, { loaders }: { loaders: { links: Links } }): Promise<Rows[Model]> =>
    loaders.links.load(model, foreignKey(parent))
}

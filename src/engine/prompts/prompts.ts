import { isDeepStrictEqual } from 'node:util'
import { Prisma, type Prompt } from '../../db/generated/prisma/client.ts'
import { lockPromptForChange } from '../../db/sql/prompt/lock-for-change.ts'
import { moveLabel } from '../../db/sql/prompt/move-label.ts'
import { parseChanges } from '../../domain/changes.ts'
import { ConflictError, InvalidInputError, NotFoundError } from '../../domain/errors.ts'
import { encodeGlobalId } from '../../domain/global-id.ts'
import type { Json } from '../../domain/json/json.ts'
import { json, name, optional, parseInput, text } from '../../domain/parse-input.ts'
import type { PromptContent } from '../../domain/prompt/prompt.ts'
import { requireWrite, type Scope } from '../../domain/scope.ts'
import { parsePromptContent } from '../../tasks/prompt-content.ts'
import type { Services } from '../services.ts'
import { withUniqueName } from '../unique-name.ts'
import { parseLabel, parseLabels } from './labels.ts'

export interface CreatePromptInput {
  /** Unique in the project. */
  name: string
  description?: string | null
  metadata?: Json
  /** A PromptContent; members that have a default are optional. */
  content: unknown
  /** About this version, at most 2,000 characters. */
  message?: string | null
  /** Given to this version. */
  labels?: readonly string[] | null
}

/** Undefined leaves a member as it is; null clears `description` and `metadata`. */
export type UpdatePromptInput = Partial<Omit<CreatePromptInput, 'name'>> & {
  id: string
  name?: string | null
  /** Refuses the change unless this is the newest version. */
  ifVersion?: number | null
}

const message = optional(text.max(2_000), null)

/**
 * Creates a prompt, at version 1.
 * @throws {InvalidInputError} an invalid name, content or label
 * @throws {ConflictError} the name is taken
 */
export async function createPrompt(services: Services, scope: Scope, input: CreatePromptInput): Promise<Prompt> {
  requireWrite(scope)
  const content = await parsePromptContent(input.content, scope.projectId, ['content'])
  const texts = { ...parseTexts(input), name: parseInput(name, input.name, ['name']) }
  const labels = parseLabels(input.labels ?? [], ['labels'])
  const version = { version: 1, content: asJson(content), authorId: scope.person.id }
  return withUniqueName('prompt', input.name, () =>
    services.db.prisma.$transaction(async (tx) => {
      const prompt = await tx.prompt.create({
        data: {
          ...texts,
          projectId: scope.projectId,
          versions: { create: { ...version, message: parseInput(message, input.message, ['message']) } },
        },
      })
      await giveLabels(tx, scope, prompt, labels)
      return prompt
    }),
  )
}

/**
 * Changes the given members. Another content creates a version; experiments that refer to the newest version, and those
 * that refer to one of `labels`, use it in runs that start later.
 * @throws as {@link createPrompt}
 * @throws {NotFoundError}
 * @throws {ConflictError} the name is taken, the prompt is archived, or `ifVersion` is not its newest version
 */
export async function updatePrompt(services: Services, scope: Scope, input: UpdatePromptInput): Promise<Prompt> {
  requireWrite(scope)
  const { id, ifVersion, ...changes } = parseChanges(input, ['description', 'metadata'])
  const content =
    changes.content === undefined ? undefined : await parsePromptContent(changes.content, scope.projectId, ['content'])
  const texts = parseTexts(changes)
  const labels = parseLabels(changes.labels ?? [], ['labels'])
  const about = parseInput(message, changes.message, ['message'])
  return withUniqueName('prompt', changes.name ?? '', () =>
    services.db.prisma.$transaction(async (tx) => {
      const current = await lockPrompt(tx, scope, id)
      if (current.archivedAt) throw archived(current.name, ['id'])
      if (ifVersion !== undefined && ifVersion !== current.version) {
        const what = `Prompt "${current.name}" is at version ${current.version}, not ${ifVersion}.`
        throw new ConflictError(`${what} Look at what changed, then save again.`, ['ifVersion'])
      }
      const isNew = content !== undefined && !isDeepStrictEqual(asJson(content), current.newest.content)
      if (about !== null && !isNew) {
        throw new InvalidInputError(
          `message: expected a content that differs from version ${current.version}, which the message is about, got ${content ? 'the same' : 'none'}.`,
          ['message'],
        )
      }
      const version = current.version + Number(isNew)
      if (isNew) {
        const data = { promptId: id, version, content: asJson(content), message: about, authorId: scope.person.id }
        await tx.promptVersion.create({ data })
      }
      const prompt = await tx.prompt.update({ where: { id }, data: { ...texts, version } })
      await giveLabels(tx, scope, prompt, labels)
      return prompt
    }),
  )
}

/**
 * Moves a label to a version, or adds it there; with null it is removed. Whoever reads it meanwhile finds the one or the
 * other version, never none.
 * @throws {InvalidInputError} a label that cannot be one
 * @throws {NotFoundError} no such prompt, version or (to remove it) label
 * @throws {ConflictError} the prompt is archived, or an experiment refers to the label that is to be removed
 */
export async function setPromptLabel(
  services: Services,
  scope: Scope,
  input: { promptId: string; label: string; version: number | null },
): Promise<Prompt> {
  requireWrite(scope)
  const label = parseLabel(input.label, ['label'])
  const { promptId: id, version } = input
  return services.db.prisma.$transaction(async (tx) => {
    const prompt = await lockPrompt(tx, scope, id, ['promptId'])
    if (prompt.archivedAt) throw archived(prompt.name, ['promptId'])
    if (version === null) {
      const { count } = await tx.promptLabel.deleteMany({ where: { promptId: id, name: label } })
      if (count === 0) throw new NotFoundError(`Prompt "${prompt.name}" has no label ${label}.`, ['label'])
      const users = await usersOf(tx, { promptId: id, task: { path: ['prompt', 'prompt', 'label'], equals: label } })
      if (users !== null) {
        const what = `Label ${label} of prompt "${prompt.name}" is used by ${users}, whose runs could not start without it.`
        throw new ConflictError(`${what} Move it to another version, or give them another version or label first.`, [
          'label',
        ])
      }
    } else {
      if (!(version >= 1 && version <= prompt.version)) {
        const expected = `expected a version from 1 to ${prompt.version} of prompt "${prompt.name}"`
        throw new NotFoundError(`version: ${expected}, got ${version}.`, ['version'])
      }
      await moveLabel(tx, { promptId: id, name: label, version, movedById: scope.person.id })
    }
    return tx.prompt.update({ where: { id }, data: {} })
  })
}

/**
 * Archives a prompt, or takes it out of the archive: an archived one is left out of lists, does not change, and no
 * experiment can begin to refer to it. Those that do already go on.
 * @throws {NotFoundError}
 */
export async function setPromptArchived(
  services: Services,
  scope: Scope,
  { id, archived: isArchived }: { id: string; archived: boolean },
): Promise<Prompt> {
  requireWrite(scope)
  return services.db.prisma.$transaction(async (tx) => {
    const { archivedAt } = await lockPrompt(tx, scope, id)
    return tx.prompt.update({
      where: { id },
      data: { archivedAt: isArchived ? (archivedAt ?? new Date()) : null },
    })
  })
}

/**
 * Deletes a prompt with all its versions. Runs that used one keep its content.
 * @throws {NotFoundError}
 * @throws {ConflictError} an experiment refers to it
 */
export async function deletePrompt(services: Services, scope: Scope, id: string): Promise<void> {
  requireWrite(scope)
  await services.db.prisma.$transaction(async (tx) => {
    const { name: deleted } = await lockPrompt(tx, scope, id)
    // The lock keeps experiments that would refer to it waiting: their foreign key locks the row too.
    const users = await usersOf(tx, { promptId: id })
    if (users !== null) {
      const what = `Prompt "${deleted}" is used by ${users}.`
      throw new ConflictError(`${what} Archive it, or give them another prompt first.`, ['id'])
    }
    await tx.prompt.delete({ where: { id } })
  })
}

/** `experiments "a", "b", "c" and others`; null when there are none. */
async function usersOf(tx: Prisma.TransactionClient, where: Prisma.ExperimentWhereInput): Promise<string | null> {
  const using = await tx.experiment.findMany({ where, select: { name: true }, orderBy: { name: 'asc' }, take: 4 })
  if (using.length === 0) return null
  const names = using.slice(0, 3).map(({ name }) => `"${name}"`)
  const others = using.length > 3 ? ' and others' : ''
  return `${using.length === 1 ? 'experiment' : 'experiments'} ${names.join(', ')}${others}`
}

async function lockPrompt(tx: Prisma.TransactionClient, scope: Scope, id: string, path = ['id']) {
  await lockPromptForChange(tx, scope.projectId, id)
  const prompt = await tx.prompt.findFirst({ where: { id, projectId: scope.projectId }, include: { newest: true } })
  if (!prompt) throw new NotFoundError(`There is no prompt ${encodeGlobalId('Prompt', id)} in this project.`, path)
  return prompt
}

async function giveLabels(
  tx: Prisma.TransactionClient,
  scope: Scope,
  { id: promptId, version }: Prompt,
  labels: readonly string[],
): Promise<void> {
  for (const label of labels) await moveLabel(tx, { promptId, name: label, version, movedById: scope.person.id })
}

/** The error for a change of a prompt, or a reference to it, that its archiving forbids. */
export function archived(promptName: string, path: string[]): ConflictError {
  return new ConflictError(`Prompt "${promptName}" is archived. Restore it first.`, path)
}

/** As the database gives it back. */
function asJson(content: PromptContent): Prisma.InputJsonObject {
  return JSON.parse(JSON.stringify(content))
}

function parseTexts(input: { name?: string; description?: string | null; metadata?: Json }) {
  const { metadata } = input
  return {
    name: input.name === undefined ? undefined : parseInput(name, input.name, ['name']),
    description:
      input.description === undefined
        ? undefined
        : parseInput(optional(text, null), input.description, ['description']),
    metadata: metadata === undefined ? undefined : (parseInput(json, metadata, ['metadata']) ?? Prisma.DbNull),
  }
}

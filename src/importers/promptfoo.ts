/**
 * Results of promptfoo: what `promptfoo eval --output` and `promptfoo export` write as JSON, in the versions 1, 2 and 3 of its
 * summary, and results as JSON Lines. Test cases become items, each prompt on each provider a run.
 */
import { canonicalJson } from '../client/canonical-json.ts'
import { parseJson, parseLines } from './read-json.ts'
import {
  FormatError,
  type ImportedFile,
  type ImportedItem,
  type ImportedResult,
  type ImportedRun,
  type ImportedScore,
  isObject,
  Left,
  listOf,
  type Members,
  numberOf,
  objectOf,
  textOf,
} from './results.ts'

/** @throws {FormatError} */
export function readPromptfoo(text: string, name: string): ImportedFile {
  const left = new Left()
  const { results, config, about } = summaryOf(text, name, left)
  if (results.length === 0) throw new FormatError(`Expected results of promptfoo in ${name}, got none.`)
  const suite = textOf(config.description) ?? name.replace(/\.[^.]*$/, '')
  const items = new Items()
  const runs = new Map<string, ImportedRun>()
  for (const result of results) {
    const { title, provider, prompt } = runOf(result)
    const run = runs.get(title) ?? {
      name: title,
      experiment: suite,
      metadata: { ...about, provider, prompt },
      results: [],
    }
    runs.set(title, run)
    const place = items.placeOf(result, title)
    run.results.push({ ...place, ...resultOf(result, left) })
  }
  return { dataset: `promptfoo/${suite}`, items: items.list, runs: [...runs.values()], left }
}

function summaryOf(text: string, name: string, left: Left): { results: Members[]; config: Members; about: Members } {
  const nan = () => left.add('a number that is NaN or infinite')
  const lines = /^\s*\{[^\n]*\}\s*\n\s*\{/.test(text) ? parseLines(text, name, nan).map(({ value }) => value) : null
  const whole = lines ?? parseJson(text, name, nan)
  if (Array.isArray(whole)) return { results: checked(whole, name), config: {}, about: { importedFrom: 'promptfoo' } }
  const file = objectOf(whole)
  // The summary is in `results` of what the command line writes, or is the file.
  const summary = isObject(file.results) ? file.results : file
  const version = numberOf(summary.version) ?? 1
  if (version > 3)
    throw new FormatError(`Expected version 1, 2 or 3 of promptfoo's results in ${name}, got ${version}.`)
  const results = listOf(summary.results)
  const config = objectOf(file.config)
  const metadata = objectOf(file.metadata)
  const about = {
    importedFrom: 'promptfoo',
    ...present({
      evalId: file.evalId ?? file.id,
      createdAt: summary.timestamp ?? file.createdAt ?? metadata.evaluationCreatedAt,
      promptfooVersion: metadata.promptfooVersion,
      author: file.author ?? metadata.author,
    }),
  }
  for (const member of ['traces', 'runtimeOptions'] as const) {
    if (listOf(file[member]).length > 0) left.add(`\`${member}\` of the file`)
  }
  return { results: checked(results, name), config, about }
}

function checked(results: readonly unknown[], name: string): Members[] {
  return results.map((result, index) => {
    const isResult = isObject(result) && ('vars' in result || 'testCase' in result) && 'success' in result
    if (isResult) return result
    throw new FormatError(
      `Expected a result with vars and success as number ${index + 1} of ${name}, got something else.`,
    )
  })
}

/** Which provider and which prompt made a result. */
function runOf({ provider, prompt }: Members): { title: string; provider: string; prompt: string } {
  const { id, label } = objectOf(provider)
  const by = textOf(label) ?? textOf(id) ?? textOf(provider) ?? 'unknown provider'
  const { raw, label: promptLabel, display } = objectOf(prompt)
  const template = textOf(promptLabel) ?? textOf(display) ?? textOf(raw) ?? ''
  const line = template.replaceAll(/\s+/g, ' ').trim()
  const short = line.length > 80 ? `${line.slice(0, 79)}…` : line
  return { title: short ? `${by} – ${short}` : by, provider: textOf(id) ?? by, prompt: template }
}

/** Test cases by what they are; equal ones of one run are its repetitions. */
class Items {
  readonly list: ImportedItem[] = []
  readonly #places = new Map<string, number>()
  readonly #seen = new Map<string, number>()

  placeOf(result: Members, run: string): { item: number; repetition: number } {
    const testCase = objectOf(result.testCase)
    const vars = result.vars ?? testCase.vars ?? {}
    const asserts = listOf(testCase.assert)
    const content = canonicalJson([vars, asserts, testCase.description ?? null])
    let item = this.#places.get(content)
    if (item === undefined) {
      item = this.list.length
      this.#places.set(content, item)
      this.list.push(itemOf(vars, testCase, asserts, result))
    }
    const key = `${item} ${run}`
    const repetition = this.#seen.get(key) ?? 0
    this.#seen.set(key, repetition + 1)
    return { item, repetition }
  }
}

/** The value of its only `equals` assertion is what a test case expects; the others say what is checked. */
function itemOf(vars: unknown, testCase: Members, asserts: readonly unknown[], result: Members): ImportedItem {
  const equal = asserts.map(objectOf).filter(({ type }) => type === 'equals')
  const [only] = equal
  const metadata = present({
    description: testCase.description ?? result.description,
    assert: asserts.length > 0 ? asserts : undefined,
    metadata: isObject(testCase.metadata) && Object.keys(testCase.metadata).length > 0 ? testCase.metadata : undefined,
  })
  return {
    key: null,
    input: vars,
    ...(equal.length === 1 && only?.value !== undefined && { expectedOutput: only.value }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  }
}

/** 2 in versions that have it; before, an error is a result that was never graded. */
const failureIsError = 2

function resultOf(result: Members, left: Left): Omit<ImportedResult, 'item' | 'repetition'> {
  // Rows of the database have it by the other name.
  const response = objectOf(result.response ?? result.providerResponse)
  const grading = objectOf(result.gradingResult)
  const usage = objectOf(response.tokenUsage ?? result.tokenUsage)
  const reason = numberOf(result.failureReason)
  const responseError = textOf(response.error)
  const ungraded = !isObject(result.gradingResult) && result.success !== true
  const failed =
    reason === null ? responseError !== null || (ungraded && textOf(result.error) !== null) : reason === failureIsError
  if (numberOf(usage.cached) && !numberOf(usage.prompt)) left.add('the tokens of a cached response')
  for (const member of ['audio', 'video', 'images', 'guardrails'] as const) {
    if (response[member] != null) left.add(`\`response.${member}\``)
  }
  return {
    ...(failed
      ? {
          error: {
            code: 'TASK_FAILED',
            message: responseError ?? textOf(result.error) ?? 'It failed without a message.',
          },
        }
      : { output: response.output ?? null }),
    latencyMs: numberOf(result.latencyMs),
    costUsd: numberOf(result.cost ?? response.cost),
    inputTokens: numberOf(usage.prompt),
    outputTokens: numberOf(usage.completion),
    scores: failed ? [] : scoresOf(result, grading, left),
  }
}

function scoresOf(result: Members, grading: Members, left: Left): ImportedScore[] {
  const comment = textOf(grading.reason)
  const components = listOf(grading.componentResults).map((component) => {
    const { pass, score, reason, assertion } = objectOf(component)
    return {
      pass,
      score,
      reason,
      assertion: objectOf(assertion).type ?? null,
      value: objectOf(assertion).value ?? null,
    }
  })
  if (textOf(grading.comment)) left.add('a comment of a person')
  const scores: ImportedScore[] = [
    {
      name: 'pass',
      value: result.success === true,
      ...(comment && { comment }),
      ...(components.length > 0 && { metadata: { assertions: components } }),
    },
  ]
  const score = numberOf(result.score)
  if (score !== null) scores.push({ name: 'score', value: score })
  for (const [name, value] of Object.entries(objectOf(result.namedScores ?? grading.namedScores))) {
    if (name === 'pass' || name === 'score') left.add(`a named score "${name}", which is the name of the result's own`)
    else scores.push({ name, value: numberOf(value), ...(numberOf(value) === null && { error: 'It is no number.' }) })
  }
  return scores
}

function present(members: Members): Members {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined && value !== null))
}

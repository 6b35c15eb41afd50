import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { keywordRules } from '../../examples/support-tickets/keyword-rules.ts'
import { naiveBayes, trainNaiveBayes } from '../../examples/support-tickets/naive-bayes.ts'
import { categories } from '../../examples/support-tickets/phrases.ts'
import {
  evaluationSplit,
  generateTickets,
  type LabelledTicket,
  type Ticket,
  toJsonLines,
  trainingSplit,
} from '../../examples/support-tickets/tickets.ts'

const training = trainingSplit()
const evaluation = evaluationSplit()
const trained = naiveBayes(trainNaiveBayes(training))
const isRight = (classify: (ticket: Ticket) => { category: string }, { input, expectedOutput }: LabelledTicket) =>
  classify(input).category === expectedOutput

function ticket(body: string, subject = ''): Ticket {
  return { channel: 'form', subject, body }
}

describe('generated tickets', () => {
  it('are equal for the same seed and differ for another seed', () => {
    const make = (seed: string) => toJsonLines(generateTickets({ seed, count: 40 }))
    expect(make('a')).toBe(make('a'))
    expect(make('a').replaceAll('"a-', '"b-')).not.toBe(make('b'))
  })

  it('match the committed tickets.jsonl: if this fails, run write-tickets.ts', () => {
    const file = new URL('../../examples/support-tickets/tickets.jsonl', import.meta.url)
    expect(readFileSync(file, 'utf8')).toBe(toJsonLines(evaluationSplit()))
  })

  it('come in 600 for training and 320 for evaluation, with unique keys and every category in both', () => {
    for (const [split, size] of [
      [training, 600],
      [evaluation, 320],
    ] as const) {
      expect(new Set(split.map((item) => item.key)).size).toBe(size)
      expect(new Set(split.map((item) => item.expectedOutput))).toEqual(new Set(categories))
    }
  })

  it('share no request and no body between training and evaluation', () => {
    for (const part of [(item: LabelledTicket) => item.metadata.request, (item: LabelledTicket) => item.input.body]) {
      const seen = new Set(training.map(part))
      expect(evaluation.filter((item) => seen.has(part(item)))).toEqual([])
    }
  })

  it('contain phrasings in the evaluation split that the training split never has', () => {
    const newlyPhrased = (item: LabelledTicket) => item.tags.includes('phrasing:new')
    expect(training.filter(newlyPhrased)).toEqual([])
    expect(evaluation.filter(newlyPhrased).length).toBeGreaterThan(40)
  })

  it('leave no placeholder unfilled', () => {
    expect([...training, ...evaluation].filter(({ input }) => /[{}|]/.test(input.subject + input.body))).toEqual([])
  })

  it('throw when every request they could use is to be avoided', () => {
    class Everything extends Set<string> {
      override has(): boolean {
        return true
      }
    }
    const options = { seed: 'a', count: 1, avoid: new Everything() }
    expect(() => generateTickets(options)).toThrow(/got none: add phrases or generate fewer tickets/)
  })
})

describe('keyword rules', () => {
  it('return the category of the matching words and their share of all matches', () => {
    expect(keywordRules(ticket('The tracking of my parcel says nothing, I paid on Monday.'))).toEqual({
      category: 'shipping',
      confidence: 2 / 3,
    })
  })

  it('fall back to how-to without confidence when nothing matches', () => {
    expect(keywordRules(ticket('Hmm.'))).toEqual({ category: 'how-to', confidence: 0 })
  })
})

describe('naive Bayes', () => {
  it('returns the posterior implied by the counts', () => {
    const example = (body: string, expectedOutput: LabelledTicket['expectedOutput']): LabelledTicket => ({
      key: body,
      input: ticket(body),
      expectedOutput,
      tags: [],
      metadata: { request: body, typos: 0 },
    })
    const classify = naiveBayes(trainNaiveBayes([example('crash crash', 'bug'), example('parcel', 'shipping')]))
    // Shares of (prior x likelihood), smoothed: bug 2/10 x 3/4, shipping 2/10 x 1/3, six empty categories 1/10 x 1/2.
    const bug = (2 / 10) * (3 / 4)
    const all = bug + (2 / 10) * (1 / 3) + 6 * (1 / 10) * (1 / 2)
    const answer = classify(ticket('crash unheard'))
    expect(answer.category).toBe('bug')
    expect(answer.confidence).toBeCloseTo(bug / all, 12)
  })
})

describe('the two versions on the evaluation split', () => {
  it('are neither perfect nor random', () => {
    const accuracy = (classify: typeof keywordRules) =>
      evaluation.filter((item) => isRight(classify, item)).length / evaluation.length
    expect(accuracy(keywordRules)).toBeGreaterThan(0.55)
    expect(accuracy(keywordRules)).toBeLessThan(0.8)
    expect(accuracy(trained)).toBeGreaterThan(0.65)
    expect(accuracy(trained)).toBeLessThan(0.95)
  })

  it('each get at least ten tickets right that the other gets wrong', () => {
    const onlyRules = evaluation.filter((item) => isRight(keywordRules, item) && !isRight(trained, item))
    const onlyTrained = evaluation.filter((item) => isRight(trained, item) && !isRight(keywordRules, item))
    expect(onlyRules.length).toBeGreaterThanOrEqual(10)
    expect(onlyTrained.length).toBeGreaterThanOrEqual(10)
  })

  it('return a confidence between 0 and 1', () => {
    const answers = evaluation.flatMap((item) => [keywordRules(item.input), trained(item.input)])
    expect(answers.filter(({ confidence }) => !(confidence >= 0 && confidence <= 1))).toEqual([])
  })
})

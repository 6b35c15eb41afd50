/**
 * Version two of the program under test: multinomial naive Bayes over words, with Laplace smoothing, trained on the
 * training split only.
 */
import { categories } from './phrases.ts'
import type { Classification, LabelledTicket, Ticket } from './tickets.ts'

/** The trained model: log probabilities per category, in the order of `categories`. */
export interface NaiveBayesModel {
  readonly priors: readonly number[]
  readonly likelihoods: ReadonlyMap<string, readonly number[]>
}

/** Lower-case words of two or more letters, and question marks, because a question is evidence too. */
function words(ticket: Ticket): string[] {
  return `${ticket.subject} ${ticket.body}`.toLowerCase().match(/[a-z]{2,}|\?/g) ?? []
}

/** Counts the words of labelled tickets; one is added to every count so that no probability is zero. */
export function trainNaiveBayes(tickets: readonly LabelledTicket[]): NaiveBayesModel {
  const documents = categories.map(() => 0)
  const totals = categories.map(() => 0)
  const counts = new Map<string, number[]>()
  for (const { input, expectedOutput } of tickets) {
    const label = categories.indexOf(expectedOutput)
    documents[label] = (documents[label] ?? 0) + 1
    for (const word of words(input)) {
      const count = counts.get(word) ?? categories.map(() => 0)
      count[label] = (count[label] ?? 0) + 1
      totals[label] = (totals[label] ?? 0) + 1
      counts.set(word, count)
    }
  }
  const logShare = (count: number, total: number, kinds: number) => Math.log((count + 1) / (total + kinds))
  return {
    priors: documents.map((count) => logShare(count, tickets.length, categories.length)),
    likelihoods: new Map(
      [...counts].map(([word, count]) => [word, count.map((n, label) => logShare(n, totals[label] ?? 0, counts.size))]),
    ),
  }
}

/** A classifier for the model. The confidence is the posterior probability; unknown words are ignored. */
export function naiveBayes(model: NaiveBayesModel): (ticket: Ticket) => Classification {
  return (ticket) => {
    const evidence = words(ticket).flatMap((word) => [model.likelihoods.get(word) ?? []])
    const logs = categories.map((category, label) => ({
      category,
      log: evidence.reduce((sum, likelihood) => sum + (likelihood[label] ?? 0), model.priors[label] ?? 0),
    }))
    const best = logs.reduce((a, b) => (b.log > a.log ? b : a))
    const total = logs.reduce((sum, { log }) => sum + Math.exp(log - best.log), 0)
    return { category: best.category, confidence: 1 / total }
  }
}

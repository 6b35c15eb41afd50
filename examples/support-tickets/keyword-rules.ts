/**
 * Version one of the program under test: what a support team would write in an afternoon. Written once from the meaning
 * of each category, and not adjusted after any measurement.
 */
import type { Category } from './phrases.ts'
import type { Classification, Ticket } from './tickets.ts'

const keywords: Record<Category, readonly RegExp[]> = {
  'account-access': [
    /log ?(ged )?in|sign ?in/,
    /password|passcode/,
    /locked|unlock|blocked/,
    /verification|two-factor|2fa/,
  ],
  billing: [/invoice|receipt|vat/, /charge|bill/, /pay|paid/, /credit card|bank/, /price|discount|refund/],
  bug: [/crash|freez|frozen/, /error|bug/, /not work|stopped working|broken/, /offline|connection/, /wrong|stuck/],
  cancellation: [/cancel/, /unsubscribe|subscription/, /terminat|renew/, /close my account|delete my account/],
  'feature-request': [
    /feature|suggest/,
    /would be (great|nice|useful)|would love/,
    /please add|could you add/,
    /wish|missing/,
  ],
  'how-to': [/how (do|can|to|often)/, /where (do|can) i/, /manual|instruction/, /what does|explain|set ?-?up/],
  return: [/return/, /exchange|replace/, /damaged|defective|broke/, /warranty/, /money back|send back|sent back/],
  shipping: [/deliver/, /ship|dispatch/, /parcel|package/, /tracking|courier|customs/, /where is my order|not arrived/],
}

const rules = Object.entries(keywords) as [Category, readonly RegExp[]][]

/**
 * Picks the category with the most matching keyword groups, with subject and body counting equally; the first one in a
 * tie. The confidence is the winner's share of all matches. Without any match: `how-to`, confidence 0.
 */
export function keywordRules(ticket: Ticket): Classification {
  const texts = [ticket.subject, ticket.body].map((text) => text.toLowerCase())
  let best: { category: Category; matches: number } = { category: 'how-to', matches: 0 }
  let total = 0
  for (const [category, patterns] of rules) {
    const matches = texts.flatMap((text) => patterns.filter((pattern) => pattern.test(text))).length
    total += matches
    if (matches > best.matches) best = { category, matches }
  }
  return { category: best.category, confidence: total === 0 ? 0 : best.matches / total }
}

/**
 * Support tickets from a seed: the same seed always gives the same tickets, byte for byte.
 *
 * Every fourth phrase of a category is withheld from the training split, and no request sentence of the training split
 * occurs in the evaluation split. So about a quarter of the evaluation tickets are worded in a way that the trained
 * classifier has never seen (tag `phrasing:new`), and the rest differ from what it has seen at least in their details.
 *
 * The difficulty of the tickets (the probabilities in `ticket` below) was set on other seeds, which draw on the same
 * phrases. Nothing was tuned against `evaluationSplit`; please keep it that way.
 */
import { type Category, categories, fillers, phrases } from './phrases.ts'

type Channel = 'email' | 'form' | 'chat'

/** The input of a classifier. A chat has an empty subject. */
export interface Ticket {
  readonly channel: Channel
  readonly subject: string
  readonly body: string
}

/** The output of a classifier; `confidence` is between 0 and 1. */
export interface Classification {
  readonly category: Category
  readonly confidence: number
}

/** One dataset item, as in a line of `tickets.jsonl`. `metadata.request` is the deciding sentence, before any typo. */
export interface LabelledTicket {
  readonly key: string
  readonly input: Ticket
  readonly expectedOutput: Category
  readonly tags: readonly string[]
  readonly metadata: { readonly request: string; readonly typos: number }
}

const openings: Record<Channel, readonly string[]> = {
  email: [
    'Hello,',
    'Hi there,',
    'Dear Fernway team,',
    'Good morning,',
    'To whom it may concern,',
    'Dear Sir or Madam,',
  ],
  form: ['', '', 'Hello,', 'Hi,'],
  chat: ['', '', 'hi', 'hello?', 'hey', 'anyone there?'],
}

const closings: Record<Channel, readonly string[]> = {
  email: ['Best regards, {name}', 'Thanks, {name}', 'Kind regards\n{name}\n{plan} customer since {month}', '{name}'],
  form: ['', '', 'Thank you!', 'Please call me back.', '{name}'],
  chat: ['', '', 'thx', 'pls help', '??'],
}

const vagueSubjects = [
  '{Help|Help needed|Question|Problem|Urgent!!|Support}',
  'Order {order}',
  '{device} and {app}',
  'Re: Your Fernway {invoice|receipt|order confirmation} {order}',
  'Re: {Welcome to Fernway|Reset your password|Your parcel is on its way|News in version {version}}',
  '(no subject)',
]

const contexts = [
  'I have been a customer since {month}.',
  'I have the {plan} and {a|one|an old} {device}.',
  'My order number is {order}.',
  'My account email is {name}@example.com.',
  'I bought the {device} for my {mother|office|balcony} in {month}.',
  'I use {app} {version} on {a tablet|my phone|a laptop}.',
  'I {wrote|called} on {day} and {got no answer|was told to write here}.',
  'Nobody answered my {mail|chat} for {days}.',
]

const moods = [
  'This is {really annoying|not acceptable|a nuisance}!',
  'I am {very|quite|a bit} disappointed.',
  'Sorry {to bother you|if this is a stupid question}.',
  'I {otherwise love|really like} {your products|the {device}}.',
  'Please {answer quickly|help}, {it is urgent|I am at a loss}.',
  'What can I do?',
  'Thank you for your {patience|quick help|great work}.',
]

const ticketFillers: typeof fillers = {
  ...fillers,
  name: ['Kim', 'Alex', 'Maria', 'Jonas', 'Priya', 'Tom', 'Ines', 'Olga', 'Sam', 'Yusuf', 'Chloe', 'Marek'],
}

const everyFourth = (index: number) => index % 4 === 3

/** A seeded source of numbers in [0, 1): FNV-1a of the seed, then mulberry32. */
function randomFrom(seed: string): () => number {
  let state = 0x811c9dc5
  for (const character of seed) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/**
 * Generates `count` labelled tickets.
 *
 * `withhold` leaves out every fourth phrase of each category; `avoid` contains request sentences that must not occur.
 * Throws when the phrases cannot yield another request outside `avoid`.
 */
export function generateTickets(options: {
  seed: string
  count: number
  withhold?: boolean
  avoid?: ReadonlySet<string>
}): LabelledTicket[] {
  const { seed, count, withhold = false, avoid = new Set<string>() } = options
  const random = randomFrom(seed)
  const chance = (probability: number) => random() < probability

  function pick<T>(choices: readonly T[]): T {
    const choice = choices[Math.floor(random() * choices.length)]
    if (choice === undefined) throw new Error('Expected at least one choice, got an empty list.')
    return choice
  }

  /** Replaces choices and fillers from the inside out. */
  function fill(template: string): string {
    const filled = template.replace(/\{([^{}]*)\}/g, (_, inner: string) =>
      pick(ticketFillers[inner] ?? inner.split('|')),
    )
    return filled === template ? filled : fill(filled)
  }

  function pickCategory(): Category {
    return pick(categories.flatMap((category) => Array<Category>(phrases[category].weight).fill(category)))
  }

  function pickRequest(templates: readonly string[]): { request: string; phrasing: 'known' | 'new' } {
    for (let attempt = 0; attempt < 1_000; attempt++) {
      const index = Math.floor(random() * templates.length)
      if (withhold && everyFourth(index)) continue
      const request = fill(templates[index] ?? '')
      if (!avoid.has(request)) return { request, phrasing: everyFourth(index) ? 'new' : 'known' }
    }
    throw new Error(
      `Expected a request outside the ${avoid.size} avoided ones, got none: add phrases or generate fewer tickets.`,
    )
  }

  /** Swaps, drops or doubles a letter inside some of the longer words. */
  function mistype(text: string, rate: number): { text: string; typos: number } {
    let typos = 0
    const mistyped = text.replace(/[a-z]{4,}/gi, (word) => {
      if (!chance(rate)) return word
      typos++
      const at = 1 + Math.floor(random() * (word.length - 2))
      const [before, letter, next, after] = [
        word.slice(0, at),
        word.charAt(at),
        word.charAt(at + 1),
        word.slice(at + 2),
      ]
      return before + pick([next + letter, next, letter + letter + next]) + after
    })
    return { text: mistyped, typos }
  }

  function ticket(index: number): LabelledTicket {
    const category = pickCategory()
    const channel = pick<Channel>(['email', 'email', 'form', 'form', 'chat'])
    const wording = chance(0.2) ? 'hint' : 'ask'
    const { request, phrasing } = pickRequest(wording === 'hint' ? phrases[category].hints : phrases[category].asks)

    const mixed = chance(0.3)
    const others = categories.filter((other) => other !== category)
    const around = [
      ...(mixed ? [pick(phrases[pick(others)].asides)] : []),
      ...(chance(0.55) ? [pick(contexts)] : []),
      ...(chance(0.4) ? [pick(moods)] : []),
    ].map(fill)
    const requestAt = Math.floor(random() * (around.length + 1))
    const sentences = around.toSpliced(requestAt, 0, request).join(' ')

    const body = [fill(pick(openings[channel])), sentences, fill(pick(closings[channel]))]
      .filter((part) => part !== '')
      .join(channel === 'email' ? '\n\n' : ' ')
    const subject = channel === 'chat' ? '' : fill(pick(chance(0.45) ? phrases[category].subjects : vagueSubjects))
    const rate = chance(0.4) ? 0.12 : 0.01
    const typed = mistype(channel === 'chat' ? body.toLowerCase() : body, rate)

    return {
      key: `${seed}-${String(index + 1).padStart(4, '0')}`,
      input: { channel, subject, body: typed.text },
      expectedOutput: category,
      tags: [
        `channel:${channel}`,
        `wording:${wording}`,
        `intent:${mixed ? 'mixed' : 'single'}`,
        `phrasing:${phrasing}`,
      ],
      metadata: { request, typos: typed.typos },
    }
  }

  return Array.from({ length: count }, (_, index) => ticket(index))
}

/** The 600 training tickets of the naive Bayes classifier. */
export function trainingSplit(): LabelledTicket[] {
  return generateTickets({ seed: 'training', count: 600, withhold: true })
}

/** The 320 evaluation tickets, which are the contents of `tickets.jsonl`. */
export function evaluationSplit(): LabelledTicket[] {
  const avoid = new Set(trainingSplit().map((ticket) => ticket.metadata.request))
  return generateTickets({ seed: 'evaluation', count: 320, avoid })
}

/** Tickets as JSON Lines. */
export function toJsonLines(tickets: readonly LabelledTicket[]): string {
  return tickets.map((ticket) => `${JSON.stringify(ticket)}\n`).join('')
}

/** Judges by models that decide: the label that is most likely, with how likely each is. */
import type { JudgeSpec } from '../../domain/judge.ts'
import { openDecisionModel } from '../../models/open-model.ts'
import { providerFetch } from '../../models/provider-fetch.ts'
import { newTraceparent } from '../../models/traceparent.ts'
import type { AskJudge, JudgeParts } from './ask-judge.ts'
import { dataRule } from './judge-answer.ts'
import { compileJudgeData } from './judge-data.ts'

/** @param spec its scale has labels */
export function openDecider(spec: JudgeSpec, { http, connect, prices }: JudgeParts): AskJudge {
  const labels = 'labels' in spec.scale ? spec.scale.labels : []
  const options = Object.fromEntries(labels.map(({ label, description }) => [label, description]))
  const render = compileJudgeData(spec, ['definition', 'judge'])
  const fetch = providerFetch(http.dispatcher)
  const { maxOutputTokens } = spec.parameters
  return async (item, signal) => {
    const messages = render(item)
    if (!messages) return null
    const said = (isSystem: boolean) =>
      messages.filter(({ role }) => (role === 'SYSTEM') === isSystem).map(({ content }) => content)
    const { decideByModel } = await import('../../models/decide.ts')
    const access = await connect(spec.provider)
    const model = await openDecisionModel(access, spec.model, fetch)
    const { choice, probabilities, spent } = await decideByModel(
      {
        ...{ access, model, options, maxOutputTokens, prices },
        instructions: [...said(true), dataRule(spec.variables)].join('\n\n'),
        state: said(false).join('\n\n'),
      },
      { signal, traceparent: newTraceparent() },
    )
    const value = labels.find(({ label }) => label === choice)?.value ?? null
    return {
      ...{ reason: '', label: choice, value, form: 'DECISION', repaired: false, spent },
      ...(probabilities && { distribution: probabilities }),
    }
  }
}

import { type JudgeTemplate, judgeCatalogue } from '../evaluators/judge/catalogue.ts'

/** Judges to begin with, by name. */
export function listJudgeTemplates(): readonly JudgeTemplate[] {
  return judgeCatalogue
}

/** Families of models, by what their names have in them, whoever serves them. */
const families: Record<string, RegExp> = {
  openai: /\b(gpt|chatgpt|o[1-9])(?=\b|[-_.\d])|davinci/i,
  anthropic: /claude/i,
  google: /gemini|gemma|palm/i,
  meta: /llama/i,
  mistral: /mi[sx]tral|ministral|magistral|codestral/i,
  alibaba: /qwen|qwq/i,
  deepseek: /deepseek/i,
  cohere: /command/i,
  amazon: /\bnova\b|titan/i,
  xai: /grok/i,
  microsoft: /\bphi\b|phi-?\d/i,
}

/** Null for a model whose family cannot be told. */
export function familyOf(model: string): string | null {
  return Object.entries(families).find(([, pattern]) => pattern.test(model))?.[0] ?? null
}

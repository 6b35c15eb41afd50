const words: Record<string, string> = {
  temperature: 'Temperature',
  maxOutputTokens: 'Output tokens at most',
  topP: 'Top p',
  topK: 'Top k',
  presencePenalty: 'Presence penalty',
  frequencyPenalty: 'Frequency penalty',
  stopSequences: 'Stop at',
  seed: 'Seed',
  reasoningEffort: 'Reasoning effort',
  providerOptions: 'Options of the provider',
  maxSteps: 'Calls of the model at most',
}

/** The name of a parameter for people; one that is newer than these pages has its own. */
export function wordsOf(parameter: string): string {
  return words[parameter] ?? parameter
}

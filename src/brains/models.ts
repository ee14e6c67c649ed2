/** The models that are asked where none is configured; apart from the brains, which are loaded only where they are used. */
export const DEFAULT_MODELS = {
  claude: 'claude-sonnet-5-5',
  openai: 'gpt-5.4-mini',
  gemini: 'gemini-3.8-flash',
  ollama: 'gemma4',
  nvidia: 'nvidia/nemotron-3-super-120b-a12b',
} as const

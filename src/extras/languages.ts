/** Names of languages, as people and apps write them: "Spanish", "es", "pt-BR". */

const TAG = /^[a-z]{2,3}(-[a-z]{4})?(-([a-z]{2}|\d{3}))?$/i

const names = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' })

/** The English name of a language's tag ("pt_BR" is "Brazilian Portuguese"); what is no known tag is a name already. */
export function toLanguageName(language: string): string {
  const tag = language.trim().replaceAll('_', '-')
  return (TAG.test(tag) ? names.of(tag) : undefined) ?? language.trim()
}

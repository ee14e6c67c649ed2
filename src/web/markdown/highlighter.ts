/** The colours of code; loaded when the first code is finished. */
import hljs from 'highlight.js/lib/core'
import bash from 'highlight.js/lib/languages/bash'
import c from 'highlight.js/lib/languages/c'
import cpp from 'highlight.js/lib/languages/cpp'
import csharp from 'highlight.js/lib/languages/csharp'
import css from 'highlight.js/lib/languages/css'
import diff from 'highlight.js/lib/languages/diff'
import go from 'highlight.js/lib/languages/go'
import java from 'highlight.js/lib/languages/java'
import javascript from 'highlight.js/lib/languages/javascript'
import json from 'highlight.js/lib/languages/json'
import kotlin from 'highlight.js/lib/languages/kotlin'
import markdown from 'highlight.js/lib/languages/markdown'
import php from 'highlight.js/lib/languages/php'
import python from 'highlight.js/lib/languages/python'
import ruby from 'highlight.js/lib/languages/ruby'
import rust from 'highlight.js/lib/languages/rust'
import sql from 'highlight.js/lib/languages/sql'
import swift from 'highlight.js/lib/languages/swift'
import typescript from 'highlight.js/lib/languages/typescript'
import xml from 'highlight.js/lib/languages/xml'
import yaml from 'highlight.js/lib/languages/yaml'
import { purify } from './fragment.ts'

const web = { css, javascript, json, markdown, php, typescript, xml, yaml }
const compiled = { c, cpp, csharp, go, java, kotlin, rust, swift }
const scripts = { bash, diff, python, ruby, sql }
for (const [name, language] of Object.entries({ ...web, ...compiled, ...scripts }))
  hljs.registerLanguage(name, language)

/** @returns null for a language that it does not know */
export function toHighlighted(source: string, language: string): DocumentFragment | null {
  if (!hljs.getLanguage(language)) return null
  return purify(hljs.highlight(source, { language, ignoreIllegals: true }).value)
}

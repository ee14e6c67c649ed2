/** What a language tutor would have said otherwise. */
import type { Correction } from '../state/exchange.ts'

export function Corrections({ corrections }: { corrections: Correction[] }) {
  return (
    <aside class="corrections" aria-label="Corrections">
      {corrections.map(({ original, corrected, explanation, type }, index) => (
        <div key={index} class="correction">
          <p>
            <del>{original}</del> <ins>{corrected}</ins>
          </p>
          <p class="why">
            {type && <span class="kind">{type}</span>} {explanation}
          </p>
        </div>
      ))}
    </aside>
  )
}

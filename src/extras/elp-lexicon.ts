/** Words that speak of credibility (ethos), of reasons (logos) and to feelings (pathos). Material, to be added to. */

export const ETHOS =
  `according authority certified doctor ethical evidence-based experience experienced expert expertise experts honest honestly
  honesty integrity practice practised principle principles professional professionals proven qualified recommend recommended
  recommends reliable reputation research researchers respected responsible responsibility safe safely safety source sources
  specialist standard standards trained trust trusted trustworthy values verified warrant`.split(/\s+/)

export const LOGOS =
  `analysis average because calculate causes compare compared comparison conclude conclusion consequently consider data
  deduce define demonstrate demonstrates effect evidence example exactly explain explains fact facts figure first follows
  function hence if implies instance least logic logical means measure method most number numbers percent percentage
  precisely probability proof prove reason reasons result results second shows since statistics step steps study studies
  suppose then therefore third thus whereas why`.split(/\s+/)

export const PATHOS =
  `afraid alone amazing anger angry anxious awful beautiful believe brave calm care caring celebrate cheer comfort courage
  dream dreams enjoy excited exciting fantastic fear feel feeling feelings feels forever free friend friends gentle glad
  grateful great happiness happy heart hope hopeful hurt inspire inspired joy kind kindly kindness lonely loss love loved
  lovely painful passion peace pleasure proud sad scared smile sorry strong suffer tears terrible thank thanks together
  tough warm welcome wonderful worried worry`.split(/\s+/)

/** The bodies of requests, while they come in. */

/** Bytes that are passed on together: a client may send each in a chunk of its own, and each would be kept as a buffer. */
const PIECE_BYTES = 16_384

/**
 * Passes a body on while `take` accepts its chunks. What comes after a chunk that `take` throws at is read to the end, not
 * kept, and refused with what was thrown.
 */
export async function* boundBody(body: AsyncIterable<Buffer>, take: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  let refusal: unknown
  let piece: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    if (refusal) continue
    try {
      take(chunk)
    } catch (error) {
      refusal = error
      continue
    }
    piece.push(chunk)
    bytes += chunk.length
    if (bytes < PIECE_BYTES) continue
    yield piece.length === 1 ? chunk : Buffer.concat(piece)
    piece = []
    bytes = 0
  }
  if (!refusal && bytes > 0) yield Buffer.concat(piece)
  // Only now: many clients read no answer until they have sent everything.
  if (refusal) throw refusal
}

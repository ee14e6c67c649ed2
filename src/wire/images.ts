/**
 * What clients show: pictures, with their data or by their address. An address is passed on as it is, and never asked
 * from here: whoever names it would reach whatever this service can.
 */
import imageType, { minimumBytes } from 'image-type'
import { type Static, Type } from 'typebox'
import { ChatError } from '#src/chat/errors.ts'
import { MAX_IMAGES } from '#src/chat/images.ts'
import type { Image } from '#src/chat/message.ts'

const MAX_IMAGE_BYTES = 5 * 1024 * 1024

const MAX_URL_CHARS = 2048

/** What every brain that can see takes. */
const MEDIA_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif']

/** As many base64 characters as hold what tells the type. */
const TELLING_CHARS = 4 * Math.ceil(minimumBytes / 3)

const ImageRequest = Type.Object({
  media_type: Type.Optional(Type.Enum(MEDIA_TYPES)),
  data: Type.Optional(Type.String()),
  url: Type.Optional(Type.String()),
})

/** At most five: `{media_type, data}` with base64, or `{url}`. */
export const ImagesRequest = Type.Array(ImageRequest, { maxItems: MAX_IMAGES })

/** @throws ChatError `invalid_request` */
export async function toImages(sent: Static<typeof ImagesRequest> | undefined): Promise<Image[] | undefined> {
  const images = sent?.map(toImage)
  for (const image of images ?? []) {
    const flaw = await findFlaw(image)
    if (flaw) throw new ChatError('invalid_request', flaw)
  }
  return images
}

function toImage({ media_type: mediaType, data, url }: Static<typeof ImageRequest>): Image {
  if (url !== undefined && data === undefined) return { url }
  if (url === undefined && data !== undefined && mediaType !== undefined) return { mediaType, data }
  throw new ChatError('invalid_request', 'An image has either "media_type" and "data", or "url".')
}

/** A sentence that says why the image cannot be taken; null for one that can. */
export async function findFlaw(image: Image): Promise<string | null> {
  if ('url' in image) return isSafeAddress(image.url) ? null : FLAWS.address
  const { mediaType, data } = image
  if (Buffer.byteLength(data, 'base64') > MAX_IMAGE_BYTES) return FLAWS.size
  if (data.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(data)) return FLAWS.base64
  const type = await imageType(Buffer.from(data.slice(0, TELLING_CHARS), 'base64'))
  if (!type || !MEDIA_TYPES.includes(type.mime)) return FLAWS.type
  return type.mime === mediaType ? null : `An image is ${type.mime}, and not what its type says.`
}

const FLAWS = {
  address: `The address of an image begins with https://, names no user and has at most ${MAX_URL_CHARS} characters.`,
  base64: 'The data of an image is not base64.',
  size: `An image is larger than ${MAX_IMAGE_BYTES >> 20} MB.`,
  type: 'An image is no PNG, JPEG, WebP or GIF.',
}

function isSafeAddress(url: string): boolean {
  if (url.length > MAX_URL_CHARS || !/^https:\/\/[^\s\p{Cc}\p{Cs}]+$/u.test(url) || !URL.canParse(url)) return false
  const { username, password } = new URL(url)
  return username === '' && password === ''
}

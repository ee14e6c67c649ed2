/** Turns the settings into routes to Redis: for each, the options of ioredis, and the names for error sentences. */
import { readFileSync } from 'node:fs'
import { X509Certificate } from 'node:crypto'
import { checkServerIdentity, type ConnectionOptions } from 'node:tls'
import type { RedisOptions } from 'ioredis'
import { type Address, parseAddresses, parseSentinels } from './address.ts'

export interface RouteSettings {
  /** The value of REDIS_URL. With Sentinels, its host and port are not used. */
  url: string
  /** The value of REDIS_SENTINELS; '' is none. */
  sentinels: string
  /** The Sentinels' name for the master. */
  master: string
  /** A PEM file with the certificates of those who may sign the servers'. Default: those that Node.js trusts. */
  caFile: string | undefined
  /** False accepts any certificate. */
  isVerified: boolean
}

/** The options of ioredis, but for the one that changes the shapes of answers. */
export type Options = Omit<RedisOptions, 'replyMapping'>

export interface Route {
  /** The variable that names it. */
  variable: 'REDIS_URL' | 'REDIS_SENTINELS'
  host: string
  /** Null for a Unix socket, and for a master that Sentinels name. */
  port: number | null
  options: Options
}

export interface Routes {
  /** One server, or the seeds of a cluster, or the way by the Sentinels. */
  servers: Route[]
  sentinels: Route[]
}

/** Reads the routes from the settings. @throws Error with a sentence that names the variable */
export function toRoutes(settings: RouteSettings): Routes {
  const addresses = parseAddresses(settings.url)
  const isTls = addresses.some((address) => address.isTls)
  if (settings.caFile !== undefined && !isTls) throw withoutTls('REDIS_CA_FILE')
  if (!settings.isVerified && !isTls) throw withoutTls('REDIS_TLS_VERIFY')
  if (settings.sentinels !== '') return toSentinelRoutes(settings, addresses[0]!)
  const tls = toTls(settings, addresses)
  return { servers: addresses.map((address) => toRoute('REDIS_URL', address, tls)), sentinels: [] }
}

function withoutTls(name: string): Error {
  return new Error(`${name} is set, but REDIS_URL does not begin with rediss://: without that there is no TLS.`)
}

function toRoute(variable: Route['variable'], address: Address, tls: ConnectionOptions): Route {
  const { host, port, username, password, db, isTls } = address
  const place = port === null ? { path: host } : { host, port }
  return { variable, host, port, options: { ...place, username, password, db, ...(isTls && { tls }) } }
}

/** Takes TLS and the password to Redis from REDIS_URL; a Sentinel's own password stands in its address. */
function toSentinelRoutes(settings: RouteSettings, { isTls, username, password, db }: Address): Routes {
  const addresses = parseSentinels(settings.sentinels)
  const tls = toTls(settings, [])
  const sentinels = addresses.map((address) => toRoute('REDIS_SENTINELS', { ...address, isTls }, tls))
  // ioredis takes one password for all Sentinels.
  const guarded = addresses.find((address) => address.password !== '')
  const options: Options = {
    sentinels: addresses.map(({ host, port }) => ({ host, port: port! })),
    name: settings.master,
    sentinelUsername: guarded?.username,
    sentinelPassword: guarded?.password,
    username,
    password,
    db,
    ...(isTls && { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }),
  }
  return { servers: [{ variable: 'REDIS_SENTINELS', host: settings.master, port: null, options }], sentinels }
}

/**
 * Makes the TLS options. A cluster sends its clients on to addresses, also where its certificates are for the name in
 * REDIS_URL: so that name is as good as the server's own.
 */
function toTls({ caFile, isVerified }: RouteSettings, addresses: Address[]): ConnectionOptions {
  if (!isVerified) return { rejectUnauthorized: false }
  const names = addresses.map(({ host }) => host)
  return {
    ...(caFile !== undefined && { ca: readCertificates(caFile) }),
    checkServerIdentity(host, certificate) {
      const errors = [host, ...names].map((name) => checkServerIdentity(name, certificate))
      return errors.includes(undefined) ? undefined : errors[0]
    },
  }
}

function readCertificates(path: string): string {
  let pem: string
  try {
    pem = readFileSync(path, 'utf8')
  } catch (error) {
    throw new Error(`REDIS_CA_FILE: ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`, {
      cause: error,
    })
  }
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  if (certificates.length === 0 || !certificates.every(isCertificate)) {
    throw new Error(`REDIS_CA_FILE: ${path} must hold certificates in PEM: there is none, or one that cannot be read.`)
  }
  return pem
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0
  } catch {
    return false
  }
}

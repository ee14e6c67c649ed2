/** Checks the files of the containers for what an edit must not lose. No engine runs them here. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadConfig, VARIABLES } from '#src/config.ts'
import { ROOT } from './process.ts'

interface Service {
  image?: string
  networks: string[]
  environment?: string[]
  stop_grace_period?: string
}

const text = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const { services, networks } = parse(text('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>
  networks: Record<string, { internal?: boolean } | null>
}
const graceOf = (name: string) => Number.parseFloat(services[name]!.stop_grace_period ?? '10')

describe('the containers', () => {
  it.each(Object.entries(services))('%s has no rights and no file system that it does not need', (_name, service) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      pids_limit: expect.any(Number),
      mem_limit: expect.any(String),
    })
  })

  it('come from images of a known minor version', () => {
    const images = [...text('Dockerfile').matchAll(/^FROM (\S+)/gm)].map(([, image]) => image!)
    images.push(...Object.values(services).flatMap(({ image }) => image ?? []))
    for (const image of images) expect(image).toMatch(/:\d+\.\d+/)
  })

  it('keep Redis where the proxy does not reach it, and nothing leads out', () => {
    const [store, ...others] = services.redis!.networks
    expect(others).toEqual([])
    expect(networks[store!]).toEqual({ internal: true })
    expect(services.proxy!.networks).not.toContain(store)
  })

  it('have longer to stop than the drain takes, and the proxy longer than the service', () => {
    expect(graceOf('repartee')).toBeGreaterThanOrEqual(loadConfig({}).DRAIN_TIMEOUT_S + 8)
    expect(graceOf('proxy')).toBeGreaterThan(graceOf('repartee'))
  })

  it('take all variables from .env, but for those that they decide themselves', () => {
    expect(services.repartee).toMatchObject({ env_file: [{ path: '.env', required: false }] })
    const set = services.repartee!.environment!.map((line) => line.slice(0, line.indexOf('=')).replace(/^.*\}/, ''))
    expect(set.toSorted()).toEqual(['AUTH', 'HOST', 'PORT', 'REDIS_URL', 'TRUSTED_PROXIES'])
    for (const name of set) expect(VARIABLES).toContain(name)
  })
})

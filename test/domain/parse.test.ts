import { describe, expect, it } from 'vitest'
import { InvalidInputError } from '../../src/domain/errors.ts'
import { withDeadline } from '../../src/domain/execution/deadline.ts'
import { canonicalJson } from '../../src/domain/json/canonical-json.ts'
import { compileJsonPath, compileSingularJsonPath } from '../../src/domain/json/json-path.ts'
import { replaceUnstorable } from '../../src/domain/json/storable.ts'
import { toJson } from '../../src/domain/json/to-json.ts'
import { defaultRunSettings, type RunSettingsChanges } from '../../src/domain/run.ts'
import { parseRunSettings } from '../../src/domain/run-settings.ts'

describe('toJson', () => {
  it('copies plain JSON', () => {
    const value = { a: [1, 'x', null, true], b: { c: -0.5 } }
    const copy = toJson(value)
    expect(copy).toEqual(value)
    expect(copy).not.toBe(value)
  })

  it('treats undefined members as JSON.stringify does, and undefined itself as null', () => {
    expect(toJson(undefined)).toBeNull()
    expect(toJson({ a: undefined, b: [undefined, 1] })).toEqual({ b: [null, 1] })
    expect(toJson({ at: new Date(0) })).toEqual({ at: '1970-01-01T00:00:00.000Z' })
  })

  it('keeps a member named __proto__ as a member', () => {
    const copy = toJson(JSON.parse('{"__proto__": {"polluted": true}}'))
    expect(JSON.stringify(copy)).toBe('{"__proto__":{"polluted":true}}')
    expect((copy as { polluted?: boolean }).polluted).toBeUndefined()
  })

  const cycle: { self?: unknown } = {}
  cycle.self = cycle
  let deep: unknown = 1
  for (let level = 0; level < 10_000; level++) deep = [deep]
  it.each([
    ['a function', { a: { f: () => 1 } }, 'a.f is a function'],
    ['a symbol', [Symbol('s')], '[0] is a symbol'],
    ['a BigInt', { a: 1n }, 'a is a bigint'],
    ['NaN', { a: [0, Number.NaN] }, 'a[1] is NaN'],
    ['infinity', Number.POSITIVE_INFINITY, 'the value is Infinity'],
    ['a cycle', cycle, 'self is part of itself'],
    ['a map', { m: new Map() }, 'm is a Map'],
    ['a promise', { p: Promise.resolve(1) }, 'p is a Promise'],
    ['bytes', { b: new Uint8Array(2) }, 'b is a Uint8Array'],
    ['endless nesting', deep, 'nested deeper than 500 levels'],
    ['U+0000', { a: 'x\0y' }, 'a is text with the character U+0000'],
    ['a lone surrogate', { a: '\ud800' }, 'a is text with a lone surrogate'],
    ['a key with U+0000', { 'a\0': 1 }, 'text with the character U+0000'],
  ])('refuses %s and says where it is', (_, value, message) => {
    expect(() => toJson(value)).toThrow(message)
  })

  it('accepts the same object twice if it does not contain itself', () => {
    const shared = { a: 1 }
    expect(toJson([shared, shared])).toEqual([{ a: 1 }, { a: 1 }])
  })

  it('makes any text storable', () => {
    expect(replaceUnstorable('a\0b\ud800c')).toBe('a\ufffdb\ufffdc')
  })
})

describe('canonicalJson', () => {
  it('is the same for objects that differ only in the order of their keys', () => {
    expect(canonicalJson({ b: [1, { d: 1, c: null }], a: 'x' })).toBe('{"a":"x","b":[1,{"c":null,"d":1}]}')
  })
})

describe('a deadline', () => {
  const forever = () => new AbortController().signal

  it('passes on what the work returns or throws, synchronously or asynchronously', async () => {
    const deadline = { timeoutMs: 1000, signal: forever() }
    expect(await withDeadline(() => 1, deadline)).toBe(1)
    expect(await withDeadline(async () => 2, deadline)).toBe(2)
    const fail = () => {
      throw new Error('boom')
    }
    await expect(withDeadline(fail, deadline)).rejects.toThrow('boom')
    await expect(withDeadline(async () => fail(), deadline)).rejects.toThrow('boom')
  })

  it('ends work that ignores its signal with a TimeoutError, which the signal carries too', async () => {
    let seen: AbortSignal | undefined
    const hang = (signal: AbortSignal) => {
      seen = signal
      return new Promise<never>(() => {})
    }
    await expect(withDeadline(hang, { timeoutMs: 5, signal: forever() })).rejects.toMatchObject({
      name: 'TimeoutError',
    })
    expect(seen?.reason).toMatchObject({ name: 'TimeoutError' })
  })

  it('ends work with the reason of the outer signal, and does not start when that is already aborted', async () => {
    const controller = new AbortController()
    const hanging = withDeadline(() => new Promise<never>(() => {}), { timeoutMs: 60_000, signal: controller.signal })
    controller.abort('shutdown')
    await expect(hanging).rejects.toBe('shutdown')
    let began = false
    const late = withDeadline(() => (began = true), { timeoutMs: 60_000, signal: controller.signal })
    await expect(late).rejects.toBe('shutdown')
    expect(began).toBe(false)
  })
})

describe('a JSONPath', () => {
  const value = { a: { b: [1, 2] }, c: null, names: ['ann', 'bob'] }

  it('selects the value of a singular path, including null, or undefined', () => {
    expect(compileJsonPath('$.a.b[-1]', [])(value)).toBe(2)
    expect(compileJsonPath('$.c', [])(value)).toBeNull()
    expect(compileJsonPath('$.d', [])(value)).toBeUndefined()
  })

  it('selects an array with every other path', () => {
    expect(compileJsonPath('$.a.b[*]', [])(value)).toEqual([1, 2])
    expect(compileJsonPath('$.a.b[5:]', [])(value)).toEqual([])
    expect(compileJsonPath('$.x.b[5:]', [])(value)).toBeUndefined()
  })

  it('runs match() and search() in linear time', () => {
    expect(compileJsonPath("$.names[?match(@, 'a.*')]", [])(value)).toEqual(['ann'])
    expect(compileJsonPath("$.names[?search(@, 'o')]", [])(value)).toEqual(['bob'])
    const evil = { texts: ['a'.repeat(50_000)] }
    expect(compileJsonPath("$.texts[?search(@, '(a+)+b')]", [])(evil)).toEqual([])
  })

  it('is rejected with its position when it is invalid', () => {
    expect(() => compileJsonPath('answer', ['task', 'http', 'outputPath'])).toThrow(InvalidInputError)
    expect(() => compileJsonPath('answer', ['task', 'http', 'outputPath'])).toThrow(
      /^task\.http\.outputPath: expected a JSONPath .*got "answer"\.$/s,
    )
    expect(() => compileSingularJsonPath('$..cost', ['costPath'])).toThrow(
      'costPath: expected a JSONPath of a single value, got "$..cost"',
    )
  })
})

describe('run settings', () => {
  const path = ['settings']

  it('keep missing members and apply given ones', () => {
    expect(parseRunSettings({ concurrency: 2, timeoutMs: undefined }, defaultRunSettings, path)).toEqual({
      ...defaultRunSettings,
      concurrency: 2,
    })
    expect(parseRunSettings({}, defaultRunSettings, path)).toEqual(defaultRunSettings)
  })

  it('clear a limit that is null', () => {
    const base = { ...defaultRunSettings, budgetUsd: 5, maxFailureRate: 0.5 }
    expect(parseRunSettings({ budgetUsd: null }, base, path)).toMatchObject({ budgetUsd: null, maxFailureRate: 0.5 })
  })

  it.each([
    [{ concurrency: 0 }, 'settings.concurrency: expected number to be >=1, got 0'],
    [{ concurrency: 1001 }, 'settings.concurrency: expected number to be <=1000, got 1001'],
    [{ concurrency: 1.5 }, 'settings.concurrency: expected int, got 1.5'],
    [{ repetitions: 101 }, 'settings.repetitions: expected number to be <=100, got 101'],
    [{ timeoutMs: 3_600_001 }, 'settings.timeoutMs: expected number to be <=3600000, got 3600001'],
    [{ maxAttempts: '3' }, 'settings.maxAttempts: expected number, got "3"'],
    [{ budgetUsd: 0 }, 'settings.budgetUsd: expected number to be >0, got 0'],
    [{ maxFailureRate: 1.1 }, 'settings.maxFailureRate: expected number to be <=1, got 1.1'],
    [{ cache: null }, 'Expected a value, got null: cache cannot be cleared. Leave it out to keep it.'],
    [{ cache: 'yes' }, 'settings.cache: expected boolean, got "yes"'],
    [{ concurency: 3 }, 'settings: expected no member "concurency", got {"concurency":3}'],
  ])('refuse %j', (partial, message) => {
    expect(() => parseRunSettings(partial as RunSettingsChanges, defaultRunSettings, path)).toThrow(message)
  })
})

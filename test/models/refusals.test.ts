import { gzipSync } from 'node:zlib'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { waitOf } from '../../src/models/rate-limits.ts'
import { type CallOptions, failureOf, providersBothWays, testKey } from '../helpers/model-call.ts'
import { eventFrame } from '../helpers/model-server/bedrock.ts'
import { type Answering, startModelServer } from '../helpers/model-server/model-server.ts'

let answering: Answering = () => ({ text: '' })
const server = await startModelServer((request) => answering(request))
afterAll(() => server.stop())
beforeEach(() => {
  server.requests.length = 0
})

const daily = {
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: [{ quotaId: 'RequestsPerDayPerProject' }],
}
const retryInfo = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '37.5s' }

describe.each(providersBothWays)('%s', (_name, provider) => {
  it.each([
    [
      'a key that is refused',
      { status: 401, type: 'authentication_error', code: 'invalid_api_key', message: 'Incorrect' },
      'AUTHENTICATION_FAILED',
      true,
    ],
    [
      'a key that may not',
      { status: 403, type: 'permission_error', message: 'Your key has no access' },
      'AUTHENTICATION_FAILED',
      true,
    ],
    [
      'missing credit',
      { status: 400, type: 'invalid_request_error', message: 'Your credit balance is too low' },
      'QUOTA_EXHAUSTED',
      true,
    ],
    [
      'an unknown model',
      { status: 404, type: 'not_found_error', code: 'model_not_found', message: 'The model `x` does not exist' },
      'MODEL_NOT_FOUND',
      true,
    ],
    [
      'a prompt that is too long',
      {
        status: 400,
        type: 'invalid_request_error',
        code: 'context_length_exceeded',
        message: "This model's maximum context length is 8192 tokens",
      },
      'CONTEXT_LENGTH',
      false,
    ],
    [
      'a filtered prompt',
      { status: 400, type: 'invalid_request_error', code: 'content_filter', message: 'content management policy' },
      'CONTENT_FILTERED',
      false,
    ],
    [
      'a bad request',
      { status: 400, type: 'invalid_request_error', message: 'temperature is not supported' },
      'HTTP_STATUS',
      false,
    ],
  ] as const)('does not repeat after %s', async (_what, refusal, code, stopsRun) => {
    answering = () => refusal
    const failure = await failureOf(server, provider)
    expect(failure).toMatchObject({ code, retryable: false, stopsRun })
    expect(failure.message).toContain(refusal.message)
    expect(server.requests).toHaveLength(1)
  })

  it.each([
    ['a rate limit with Retry-After', { 'retry-after': '7' }, 7_000],
    ['a rate limit with retry-after-ms', { 'retry-after-ms': '250' }, 250],
    ['a rate limit of OpenAI', { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '1m2.5s' }, 62_500],
    ['a rate limit without a time', {}, null],
  ])('may repeat after %s', async (_what, headers, retryAfterMs) => {
    answering = () => ({
      status: 429,
      type: 'rate_limit_error',
      code: 'rate_limit_exceeded',
      message: 'Slow down',
      headers,
    })
    const failure = await failureOf(server, provider)
    expect(failure).toMatchObject({ code: 'RATE_LIMITED', retryable: true, overloaded: true, retryAfterMs })
  })

  it('may repeat after a failure of the server', async () => {
    for (const status of [500, 503, 529]) {
      answering = () => ({ status, type: 'overloaded_error', message: 'Overloaded' })
      const failure = await failureOf(server, provider)
      expect(failure).toMatchObject({ code: 'HTTP_STATUS', retryable: true, stopsRun: false, overloaded: status > 500 })
    }
  })

  it('may repeat after an answer that cannot be read', async () => {
    const isStream = provider.stream && provider.kind === 'BEDROCK'
    answering = () => ({ raw: isStream ? eventFrame({}, { text: 'Hi' }).subarray(0, 20) : '{"choices": [{"mess' })
    expect(await failureOf(server, provider)).toMatchObject({ code: 'MALFORMED_RESPONSE', retryable: true })
  })

  it('never repeats the key that a server refuses', async () => {
    answering = () => ({ status: 401, type: 'x', message: `Incorrect API key provided: ${testKey}.` })
    expect((await failureOf(server, provider)).message).toContain('Incorrect API key provided: ********.')
  })

  it('shows no part of the key where a long message is cut', async () => {
    answering = () => ({ status: 401, type: 'x', message: `${'Incorrect '.repeat(49)}${testKey}` })
    expect((await failureOf(server, provider)).message).not.toContain(testKey.slice(0, 6))
    answering = () => ({ status: 302, raw: '', headers: { location: `http://x/${'a'.repeat(185)}${testKey}` } })
    expect((await failureOf(server, provider)).message).not.toContain(testKey.slice(0, 4))
  })
})

it.each([
  ['of more bytes than a response may have', false],
  ['that are decompressed to more bytes', true],
])('ends an answer %s', async (_what, isCompressed) => {
  const bytes = Buffer.alloc(51_000_000, 'x')
  const headers = isCompressed ? { 'content-encoding': 'gzip' } : undefined
  answering = () => ({ raw: isCompressed ? gzipSync(bytes, { level: 1 }) : bytes, headers })
  for (const stream of [true, false]) {
    const failure = await failureOf(server, { stream })
    expect(failure).toMatchObject({ code: 'RESPONSE_TOO_LARGE', retryable: false })
    expect(failure.message).toContain('more than 50 MB')
  }
})

it('reads how long to wait from whatever says it, and nothing from what does not', () => {
  const now = Date.parse('2026-11-26T12:00:00Z')
  const used = { 'x-ratelimit-remaining-requests': '0' }
  const waits = [
    { 'retry-after': 'Thu, 26 Nov 2026 12:01:00 GMT' },
    { 'retry-after-ms': '', 'retry-after': '7' },
    { 'retry-after-ms': '1e300' },
    { ...used, 'x-ratelimit-reset-requests': '30' },
    { ...used, 'x-ratelimit-reset-requests': String(now / 1_000 + 30) },
    { ...used, 'x-ratelimit-reset-requests': String(now + 30_000) },
    { ...used, 'x-ratelimit-reset-requests': '2026-11-26T12:00:30Z' },
    { ...used, 'x-ratelimit-reset-requests': 'soon' },
  ].map((headers) => waitOf({ headers, body: '' }, now))
  expect(waits).toEqual([60_000, 7_000, null, 30_000, 30_000, 30_000, 30_000, null])
})

// As these providers say it.
it.each<[string, CallOptions, object, object]>([
  [
    'OpenAI of a used-up quota',
    { kind: 'OPENAI' },
    { status: 429, type: 'insufficient_quota', code: 'insufficient_quota', message: 'You exceeded your current quota' },
    { code: 'QUOTA_EXHAUSTED', stopsRun: true },
  ],
  [
    'Google of a key that is none',
    { kind: 'GOOGLE' },
    { status: 400, message: 'API key not valid. Please pass a valid API key.' },
    { code: 'AUTHENTICATION_FAILED', stopsRun: true },
  ],
  [
    'Google of a place where it is not sold',
    { kind: 'GOOGLE' },
    { status: 400, message: 'User location is not supported for the API use.' },
    { code: 'AUTHENTICATION_FAILED', stopsRun: true },
  ],
  [
    'Google of a limit a minute',
    { kind: 'GOOGLE' },
    { status: 429, message: 'You exceeded your current quota.', details: [retryInfo] },
    { code: 'RATE_LIMITED', retryable: true, retryAfterMs: 37_500 },
  ],
  [
    'Google of a limit a day',
    { kind: 'GOOGLE' },
    { status: 429, message: 'You exceeded your current quota.', details: [daily, retryInfo] },
    { code: 'QUOTA_EXHAUSTED', stopsRun: true },
  ],
  [
    'Google of a long prompt',
    { kind: 'GOOGLE' },
    { status: 400, message: 'The input token count (2000) exceeds the maximum number of tokens allowed (1000).' },
    { code: 'CONTEXT_LENGTH' },
  ],
  [
    'Google of an unknown model',
    { kind: 'GOOGLE' },
    { status: 404, message: 'models/x is not found for API version v1beta, or is not supported for generateContent.' },
    { code: 'MODEL_NOT_FOUND', stopsRun: true },
  ],
  [
    'Azure of a key',
    { kind: 'AZURE' },
    {
      ...{ status: 401, code: '401' },
      message: 'Access denied due to invalid subscription key or wrong API endpoint.',
    },
    { code: 'AUTHENTICATION_FAILED', stopsRun: true },
  ],
  [
    'Azure of an unknown deployment',
    { kind: 'AZURE', address: { apiVersion: '2024-10-21' } },
    {
      ...{ status: 404, code: 'DeploymentNotFound' },
      message: 'The API deployment for this resource does not exist.',
    },
    { code: 'MODEL_NOT_FOUND', stopsRun: true },
  ],
  [
    'Bedrock of a key',
    { kind: 'BEDROCK' },
    {
      ...{ status: 403, type: 'UnrecognizedClientException' },
      message: 'The security token included in the request is invalid.',
    },
    { code: 'AUTHENTICATION_FAILED', stopsRun: true, message: expect.stringContaining('does not accept the key') },
  ],
  [
    'Bedrock of a rate',
    { kind: 'BEDROCK' },
    { status: 429, type: 'ThrottlingException', message: 'Too many requests, please wait before trying again.' },
    { code: 'RATE_LIMITED', retryable: true },
  ],
  [
    'Bedrock of a limit a day',
    { kind: 'BEDROCK' },
    { status: 429, type: 'ThrottlingException', message: 'Too many tokens per day, please wait before trying again.' },
    { code: 'QUOTA_EXHAUSTED', stopsRun: true },
  ],
  [
    'Bedrock of a model that failed',
    { kind: 'BEDROCK' },
    { status: 424, type: 'ModelErrorException', message: 'The model failed.' },
    { code: 'HTTP_STATUS', retryable: true },
  ],
  [
    'Bedrock of an unknown model',
    { kind: 'BEDROCK' },
    { status: 400, type: 'ValidationException', message: 'The provided model identifier is invalid.' },
    { code: 'MODEL_NOT_FOUND', stopsRun: true },
  ],
  [
    'Bedrock of a model that needs a profile',
    { kind: 'BEDROCK' },
    {
      ...{ status: 400, type: 'ValidationException' },
      message: 'Invocation of model ID x with on-demand throughput isn’t supported.',
    },
    { code: 'MODEL_NOT_FOUND', stopsRun: true },
  ],
])('understands %s', async (_what, options, refusal, expected) => {
  answering = () => ({ status: 0, type: 'x', message: '', ...refusal })
  for (const stream of [true, false]) expect(await failureOf(server, { ...options, stream })).toMatchObject(expected)
})

it('understands an error that comes as a part of a stream', async () => {
  const exception = { ':exception-type': 'throttlingException', ':message-type': 'exception' }
  answering = () => ({ raw: eventFrame(exception, { message: 'Too many requests' }) })
  expect(await failureOf(server, { kind: 'BEDROCK' })).toMatchObject({ code: 'RATE_LIMITED', retryable: true })
  const error = { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' }
  answering = () => ({
    raw: `data: ${JSON.stringify({ error })}\n\n`,
    headers: { 'content-type': 'text/event-stream' },
  })
  expect(await failureOf(server, { kind: 'GOOGLE' })).toMatchObject({ code: 'HTTP_STATUS', overloaded: true })
})

it('does not count a prompt that Google blocks as answered', async () => {
  for (const stream of [true, false]) {
    const body = JSON.stringify({ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } })
    answering = () => ({ raw: stream ? `data: ${body}\n\n` : body })
    expect(await failureOf(server, { kind: 'GOOGLE', stream })).toMatchObject({ code: 'CONTENT_FILTERED' })
  }
})

it('does not follow redirects, which would take the key along', async () => {
  answering = () => ({ raw: '', status: 307, headers: { location: `${server.openai}/elsewhere` } })
  const failure = await failureOf(server)
  expect(failure).toMatchObject({ code: 'NOTHING_SERVED', stopsRun: true })
  expect(server.requests).toHaveLength(1)
})

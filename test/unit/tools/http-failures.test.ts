import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../../contract/failures.ts'
import { connectionFailure, DoubtfulFailure, statusFailure } from '../../../tools/http-failures.ts'
import { translateYtdlp } from '../../../tools/ytdlp-errors.ts'

const nothing = { http: [], blockedHosts: [], unknownHosts: [], host: 'host', details: {} }

describe('statusFailure', () => {
  it.each([
    [302, 'UnsupportedMedia'],
    [304, 'SourceUnavailable'],
    [400, 'SourceForbidden'],
    [403, 'SourceForbidden'],
    [404, 'SourceNotFound'],
    [410, 'SourceNotFound'],
    [416, 'SourceUnavailable'],
    [429, 'SourceThrottled'],
    [500, 'SourceUnavailable'],
    [503, 'SourceUnavailable'],
  ])('%i is %s, in the words of yt-dlp’s way', (status, code) => {
    const failure = statusFailure(status, 'host')
    expect(failure.code).toBe(code)
    const error = `ERROR: [generic] a: Unable to download webpage: HTTP Error ${status}: x`
    expect(translateYtdlp({ ...nothing, errors: [error] })).toMatchObject({ code, message: failure.message })
  })
})

describe('connectionFailure', () => {
  const coded = (code: string) => Object.assign(new Error('words'), { code })
  it.each([
    ['ECONNREFUSED', 'Connection refused', false],
    ['ETIMEDOUT', 'timed out', true],
    ['ECONNRESET', 'Connection reset by peer', true],
    ['HPE_INVALID_CONSTANT', 'Connection aborted', true],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate verify failed', true],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'certificate verify failed', true],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate verify failed', true],
    ['EPROTO', 'SSL: WRONG_VERSION_NUMBER', true],
  ])('%s is in doubt or not, in the words of yt-dlp’s way', (code, words, doubtful) => {
    const failure = connectionFailure(coded(code), 'host')
    expect(failure instanceof DoubtfulFailure).toBe(doubtful)
    const theirs = translateYtdlp({ ...nothing, errors: [`ERROR: Unable to download webpage: ${words}`] })
    expect([failure.code, failure.message]).toEqual([theirs.code, theirs.message])
  })

  it('leaves failures of ours as they are', () => {
    const own = new SluiceError('BlockedAddress')
    expect(connectionFailure(own, 'host')).toBe(own)
  })
})

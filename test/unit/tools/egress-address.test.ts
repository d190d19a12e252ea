import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAddressCheck } from '../../../tools/egress-address.ts'

describe('createAddressCheck without entries', () => {
  const check = createAddressCheck([])

  it.each([
    ['loopback', '127.0.0.1'],
    ['any loopback', '127.255.0.3'],
    ['loopback of IPv6', '::1'],
    ['loopback mapped into IPv6', '::ffff:127.0.0.1'],
    ['loopback through NAT64', '64:ff9b::7f00:1'],
    ['unspecified', '0.0.0.0'],
    ['unspecified of IPv6', '::'],
    ['class A private', '10.1.2.3'],
    ['class B private', '172.16.0.1'],
    ['class C private', '192.168.1.1'],
    ['link-local, with cloud metadata', '169.254.169.254'],
    ['metadata of Azure', '168.63.129.16'],
    ['carrier-grade NAT', '100.64.0.1'],
    ['multicast', '224.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['reserved', '240.0.0.1'],
    ['documentation', '192.0.2.1'],
    ['unique local', 'fd00:ec2::254'],
    ['link-local of IPv6', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['multicast of IPv6', 'ff02::1'],
    ['6to4', '2002:7f00:1::'],
    ['Teredo', '2001:0:4136:e378::'],
    ['no address at all', 'example.com'],
  ])('refuses %s', (_what, address) => {
    expect(check(address, 443)).toBe(false)
  })

  it.each(['93.184.215.14', '1.1.1.1', '2606:4700:4700::1111', '::ffff:1.1.1.1', '64:ff9b::101:101'])(
    'lets %s through',
    (address) => {
      expect(check(address, 443)).toBe(true)
    },
  )

  it('refuses every private address, however it is written', () => {
    const octet = fc.integer({ min: 0, max: 255 })
    const privates = fc.oneof(
      fc.tuple(fc.constant(10), octet, octet, octet),
      fc.tuple(fc.constant(127), octet, octet, octet),
      fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
      fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
    )
    fc.assert(
      fc.property(privates, fc.boolean(), (octets, mapped) => {
        expect(check(`${mapped ? '::ffff:' : ''}${octets.join('.')}`, 80)).toBe(false)
      }),
    )
  })
})

describe('createAddressCheck with entries', () => {
  it.each([
    ['10.0.0.5', '10.0.0.5', 80, true],
    ['10.0.0.5', '10.0.0.6', 80, false],
    ['192.168.0.0/16', '192.168.200.1', 8_080, true],
    ['192.168.0.0/16', '10.168.0.1', 8_080, false],
    ['127.0.0.1:8000', '127.0.0.1', 8_000, true],
    ['127.0.0.1:8000', '127.0.0.1', 8_001, false],
    ['[::1]:8000', '::1', 8_000, true],
    ['[::1]:8000', '::1', 80, false],
    ['::1', '::1', 80, true],
    ['fd00::/8', 'fd12::1', 443, true],
    ['*', '169.254.169.254', 80, true],
  ])('%s: %s port %i → %s', (entry, address, port, expected) => {
    expect(createAddressCheck([entry])(address, port)).toBe(expected)
  })

  it('names all entries that are none', () => {
    expect(() => createAddressCheck(['10.0.0.5', 'localhost', '127.1', '10.0.0.0/33', '1.2.3.4:99999'])).toThrow(
      /localhost, 127\.1, 10\.0\.0\.0\/33, 1\.2\.3\.4:99999$/,
    )
  })
})

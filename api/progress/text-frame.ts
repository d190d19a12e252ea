const FINAL_TEXT = 0x81
const LENGTH_16_BITS = 126
const LENGTH_64_BITS = 127

/** One whole unmasked text frame, as a server sends it (RFC 6455 §5.2). */
export const encodeTextFrame = (text: string): Buffer => {
  const payloadBytes = Buffer.byteLength(text)
  const headerBytes = payloadBytes < LENGTH_16_BITS ? 2 : payloadBytes < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(headerBytes + payloadBytes)
  frame[0] = FINAL_TEXT
  frame[1] = headerBytes === 2 ? payloadBytes : headerBytes === 4 ? LENGTH_16_BITS : LENGTH_64_BITS
  if (headerBytes === 4) frame.writeUInt16BE(payloadBytes, 2)
  if (headerBytes === 10) frame.writeBigUInt64BE(BigInt(payloadBytes), 2)
  frame.write(text, headerBytes, 'utf8')
  return frame
}

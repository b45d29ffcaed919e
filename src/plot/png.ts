/**
 * Pixels as a PNG inside the SVG. Nothing is compressed: that would need a library or wait for a stream, and these pictures are
 * small.
 *
 * @see https://www.w3.org/TR/png/, RFC 1950 (zlib), RFC 1951 (deflate)
 */
import { toBase64 } from '../../bindings/host.ts';

/** Red, green, blue for each pixel. */
export interface Pixels {
  width: number;
  height: number;
  rgb: Uint8Array;
}

/** Polynomial of CRC-32, reversed. */
const CRC_POLYNOMIAL = 0xedb88320;
/** The largest prime below 2¹⁶, modulus of Adler-32. */
const ADLER_MODULUS = 65521;
/** The most bytes that a stored block of deflate holds. */
const BLOCK = 65535;

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? CRC_POLYNOMIAL : 0);
  }
  return ~crc >>> 0;
}

const word = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];

function chunk(name: string, body: readonly number[]): number[] {
  const named = Uint8Array.from([...Array.from(name, (letter) => letter.charCodeAt(0)), ...body]);
  return [...word(body.length), ...named, ...word(crc32(named))];
}

/** zlib's format, with stored blocks. */
function stored(bytes: readonly number[]): number[] {
  const out = [0x78, 0x01];
  let [a, b] = [1, 0];
  for (let start = 0; start < bytes.length; start += BLOCK) {
    const block = bytes.slice(start, start + BLOCK);
    const size = block.length;
    out.push(start + BLOCK >= bytes.length ? 1 : 0, size & 255, size >> 8, ~size & 255, (~size >> 8) & 255);
    for (const byte of block) {
      out.push(byte);
      a = (a + byte) % ADLER_MODULUS;
      b = (b + a) % ADLER_MODULUS;
    }
  }
  return [...out, ...word(b * 65536 + a)];
}

/** The picture as a data address. */
export function pngAddress({ width, height, rgb }: Pixels): string {
  const lines: number[] = [];
  for (let y = 0; y < height; y++) lines.push(0, ...rgb.subarray(y * width * 3, (y + 1) * width * 3));
  const header = [...word(width), ...word(height), 8, 2, 0, 0, 0];
  const signature = [137, 80, 78, 71, 13, 10, 26, 10];
  const bytes = [...signature, ...chunk('IHDR', header), ...chunk('IDAT', stored(lines)), ...chunk('IEND', [])];
  return `data:image/png;base64,${toBase64(bytes.map((byte) => String.fromCharCode(byte)).join(''))}`;
}

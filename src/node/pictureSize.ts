/**
 * What a PNG or JPEG says of its size, and whether its decoder may trust that: decoders take the last header where there are several, walk through
 * the whole picture for each scan, and unpack interlaced data without looking at the header. Nothing is decoded here.
 */
import { inflateSync } from 'node:zlib';

/** Kinds of pictures. */
export type Kind = 'png' | 'jpeg';

const PNG_SIGNATURE = 0x89504e47;
/** Where the chunks begin; bytes of length and type before a chunk's data, and of its checksum behind. */
const PNG_CHUNKS = 8;
const CHUNK_HEAD = 8;
const CHUNK_TAIL = 4;
const IHDR = 0x49484452;
const IDAT = 0x49444154;
const PLTE = 0x504c5445;
const IHDR_LENGTH = 13;
/** 256 colours. */
const MOST_PALETTE = 768;
/** Channels by colour type. */
const PNG_CHANNELS = [1, 0, 3, 1, 2, 0, 4];
/** Bytes that one byte of deflate can become at most, rounded up. */
const MOST_INFLATED = 1040;
/** Bytes a row that the seven pictures of an interlaced one take besides their pixels: each row begins with one, and ends inside another. */
const INTERLACED_BYTES_A_ROW = 4;
const INTERLACED_BYTES = 64;

/** Pixels for a byte of JPEG: a block of 8×8 takes one bit or more; twice that, for scans that leave blocks out. */
const JPEG_PIXELS_A_BYTE = 1024;
/** Scans of a JPEG: progressive ones have about ten. */
const MOST_SCANS = 100;
/** Components of a scan, as the standard has it. */
const MOST_COMPONENTS = 4;

/** Refuses too many pixels. */
type Check = (pixels: number) => void;

/** Pixels of a PNG. */
function pngPixels(bytes: Uint8Array, check: Check): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = PNG_CHUNKS + CHUNK_HEAD;
  const isRight =
    bytes.length >= header + IHDR_LENGTH &&
    view.getUint32(0) === PNG_SIGNATURE &&
    view.getUint32(PNG_CHUNKS) === IHDR_LENGTH &&
    view.getUint32(PNG_CHUNKS + 4) === IHDR;
  if (!isRight) throw new Error('not a PNG file');
  const [width, height] = [view.getUint32(header), view.getUint32(header + 4)];
  check(width * height);
  const bits = width * height * bytes[header + 8]! * (PNG_CHANNELS[bytes[header + 9]!] ?? 0);
  const isInterlaced = bytes[header + 12] !== 0;
  const packed: Uint8Array[] = [];
  const seen = new Set([IHDR]);
  for (let at = header + IHDR_LENGTH + CHUNK_TAIL; at + CHUNK_HEAD <= bytes.length; ) {
    const [length, type] = [view.getUint32(at), view.getUint32(at + 4)];
    at += CHUNK_HEAD;
    if (type === IHDR || (type === PLTE && (seen.has(PLTE) || length > MOST_PALETTE)))
      throw new Error('it has two headers, or more than 256 colours');
    seen.add(type);
    if (type === IDAT) packed.push(bytes.subarray(at, at + length));
    at += length + CHUNK_TAIL;
  }
  const size = packed.reduce((sum, { length }) => sum + length, 0);
  if (bits / 8 > MOST_INFLATED * size) throw new Error(`${width}×${height} pixels do not fit into ${size} bytes`);
  if (isInterlaced) checkInterlaced(packed, bits / 8 + INTERLACED_BYTES_A_ROW * height + INTERLACED_BYTES);
  return width * height;
}

/** Refuses interlaced data that unpack to more than their header says. Rare, and unpacking is a small part of decoding. */
function checkInterlaced(packed: readonly Uint8Array[], most: number): void {
  try {
    inflateSync(Buffer.concat(packed), { maxOutputLength: Math.ceil(most) });
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_BUFFER_TOO_LARGE') throw error;
    throw new Error('its data unpack to more than its header says');
  }
}

/** Markers of JPEG that have no length: fill bytes, escaped ones, restarts, the beginning. */
const isBare = (marker: number) =>
  marker <= 0x01 || marker === 0xff || marker === 0xd8 || (marker >= 0xd0 && marker < 0xd8);

/** Pixels of a JPEG: those of its largest header. */
function jpegPixels(bytes: Uint8Array, check: Check): number {
  const word = (at: number) => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  let pixels = 0;
  let scans = 0;
  for (let at = bytes.indexOf(0xff); at >= 0 && at + 1 < bytes.length; at = bytes.indexOf(0xff, at)) {
    const marker = bytes[++at]!;
    if (isBare(marker)) {
      if (marker !== 0xff) at++;
      continue;
    }
    if (marker === 0xd9) break;
    at++;
    if (marker >= 0xc0 && marker <= 0xc2) {
      pixels = Math.max(pixels, word(at + 3) * word(at + 5));
      check(pixels);
    }
    if (marker === 0xda && (++scans > MOST_SCANS || bytes[at + 2]! > MOST_COMPONENTS))
      throw new Error(`it has more than ${MOST_SCANS} scans, or more than ${MOST_COMPONENTS} components in one`);
    at += word(at);
  }
  if (pixels > JPEG_PIXELS_A_BYTE * bytes.length)
    throw new Error(`${pixels} pixels do not fit into ${bytes.length} bytes`);
  return pixels;
}

/**
 * Pixels of a picture as its header says; `check` is told of them before anything else is read.
 *
 * @throws Error where the bytes cannot hold so many, or the header is not the only one
 */
export function pixelsOf(kind: Kind, bytes: Uint8Array, check: Check): number {
  return kind === 'png' ? pngPixels(bytes, check) : jpegPixels(bytes, check);
}

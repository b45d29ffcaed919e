/**
 * Damaged IDX files, tables and images: each gives one of saraf's errors or a result, quickly, with no more memory than
 * the file warrants.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FormatError, memory, SarafError, scope, tensor } from '../../src/index.ts';
import { imageFolder, imdb, mnist, parseCsv, parseIdx } from '../../src/node/index.ts';
import { damagedBytes, randomFrom } from '../support/damage.ts';

const MUTATIONS = 600;
const MIB = 2 ** 20;

/** Reads many damaged files; returns how many were refused. */
function survive(good: Uint8Array, mostMemory: number, read: (bytes: Uint8Array) => void): number {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = randomFrom(seed);
  read(good);
  const before = memory();
  let refused = 0;
  let slowest = 0;
  for (let i = 0; i < MUTATIONS; i++) {
    const bytes = damagedBytes(random, good);
    const where = `mutation ${i} of seed ${seed}`;
    const { arrayBuffers } = process.memoryUsage();
    const start = performance.now();
    try {
      read(bytes);
    } catch (error) {
      if (!(error instanceof SarafError)) throw new Error(`${where}: ${(error as Error).stack}`);
      refused++;
    }
    slowest = Math.max(slowest, performance.now() - start);
    expect(process.memoryUsage().arrayBuffers - arrayBuffers, where).toBeLessThan(mostMemory);
    expect(memory(), where).toEqual(before);
  }
  expect(slowest, `seed ${seed}`).toBeLessThan(2000);
  console.log(`seed ${seed}: ${refused} of ${MUTATIONS} refused, slowest ${slowest.toFixed(1)} ms`);
  return refused;
}

beforeAll(() => tensor([1]).dispose());

it('damaged IDX files are read or refused', () => {
  const good = new Uint8Array([
    0,
    0,
    8,
    3,
    0,
    0,
    0,
    5,
    0,
    0,
    0,
    4,
    0,
    0,
    0,
    3,
    ...Array.from({ length: 60 }, (_, i) => i),
  ]);
  const refused = survive(good, MIB, (bytes) => {
    const { shape, values } = parseIdx(bytes);
    expect(shape.reduce((a, b) => a * b, 1)).toBe(values.length);
  });
  expect(refused).toBeGreaterThan(MUTATIONS / 4);
});

it('damaged CSV tables are read or refused', () => {
  const good = new TextEncoder().encode(
    `name,"a ""quoted"" one",n\r\n${Array.from({ length: 20 }, (_, i) => `x${i},"line\nbreak, ${i}",${i / 3}`).join('\r\n')}\r\n`,
  );
  const refused = survive(good, MIB, (bytes) => {
    const table = parseCsv(new TextDecoder().decode(bytes));
    for (const row of table.rows) expect(row).toHaveLength(table.columns.length);
  });
  expect(refused).toBeGreaterThan(MUTATIONS / 20);
});

it('damaged film reviews are read or refused', () => {
  const dir = mkdtempSync(join(tmpdir(), 'saraf-'));
  const path = join(dir, 'reviews.csv');
  const reviews = Array.from(
    { length: 20 },
    (_, i) => `"So,<br />so ""${i}""",${i % 2 === 0 ? 'positive' : 'negative'}`,
  );
  const refused = survive(new TextEncoder().encode(`review,sentiment\n${reviews.join('\n')}\n`), MIB, (bytes) => {
    writeFileSync(path, bytes);
    const { texts, labels } = imdb(path);
    expect(labels).toHaveLength(texts.length);
    expect(labels.every((label) => label === 0 || label === 1)).toBe(true);
  });
  expect(refused).toBeGreaterThan(MUTATIONS / 10);
  rmSync(dir, { recursive: true });
});

it('the time for a large CSV field is proportional to its length', () => {
  const text = (n: number) => `a\n"${'""'.repeat(n)}"\n`;
  const start = performance.now();
  expect(parseCsv(text(300_000)).rows[0]![0]).toHaveLength(300_000);
  expect(performance.now() - start).toBeLessThan(2000);
});

describe('damaged images are decoded or refused', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'saraf-'));
    mkdirSync(join(dir, 'a'));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  const width = 13;
  const height = 9;
  const pixels = Buffer.from(Array.from({ length: width * height * 4 }, (_, i) => (i * 37) % 256));
  const pngOf = (options: object) => {
    const image = new PNG({ width, height });
    image.data = pixels;
    return PNG.sync.write(image, options);
  };

  it.each<[string, () => Uint8Array, string]>([
    ['PNG', () => pngOf({}), 'x.png'],
    ['grey PNG', () => pngOf({ colorType: 0 }), 'x.png'],
    ['JPEG', () => jpeg.encode({ width, height, data: pixels }, 60).data, 'x.jpg'],
  ])(
    '%s',
    async (_, make, name) => {
      const path = join(dir, 'a', name);
      writeFileSync(path, make());
      const set = await imageFolder(dir);
      const refused = survive(new Uint8Array(make()), 48 * MIB, (bytes) => {
        writeFileSync(path, bytes);
        scope(() => {
          const [image, label] = set.get(0);
          expect([image.shape[0], label.item()]).toEqual([3, 0]);
          expect(image.numel).toBeLessThan(3 * 1024 * 8 * bytes.length);
        });
      });
      expect(refused).toBeGreaterThan(MUTATIONS / 20);
      rmSync(path);
    },
    60_000,
  );

  it('but a header without data cannot ask for memory', async () => {
    const png = new Uint8Array(pngOf({}));
    new DataView(png.buffer).setUint32(16, 9000);
    new DataView(png.buffer).setUint32(20, 9000);
    const jpg = new Uint8Array(jpeg.encode({ width, height, data: pixels }, 60).data);
    const frame = jpg.findIndex((byte, i) => byte === 0xff && jpg[i + 1] === 0xc0);
    new DataView(jpg.buffer).setUint16(frame + 5, 9000);
    new DataView(jpg.buffer).setUint16(frame + 7, 9000);
    writeFileSync(join(dir, 'a', 'a.png'), png);
    writeFileSync(join(dir, 'a', 'b.jpg'), jpg);
    const set = await imageFolder(dir);
    for (const i of [0, 1]) {
      const { arrayBuffers } = process.memoryUsage();
      expect(() => set.get(i)).toThrow(FormatError);
      await expect(set.prepare(i)).rejects.toThrow(FormatError);
      expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(16 * MIB);
    }
  });
});

it('damaged gzip files of MNIST are read or refused', () => {
  const dir = mkdtempSync(join(tmpdir(), 'saraf-'));
  const images = (n: number) => Buffer.from([0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, 2, 0, 0, 0, 2, ...Array(4 * n).fill(7)]);
  const labels = (n: number) => Buffer.from([0, 0, 8, 1, 0, 0, 0, n, ...Array(n).fill(1)]);
  for (const part of ['train', 't10k']) {
    writeFileSync(join(dir, `${part}-images-idx3-ubyte.gz`), gzipSync(images(3)));
    writeFileSync(join(dir, `${part}-labels-idx1-ubyte.gz`), gzipSync(labels(3)));
  }
  const read = () => {
    const { train, test } = mnist(dir);
    for (const t of [...train.tensors, ...test.tensors]) t.dispose();
  };
  const refused = survive(gzipSync(images(3)), 4 * MIB, (bytes) => {
    writeFileSync(join(dir, 'train-images-idx3-ubyte.gz'), bytes);
    read();
  });
  expect(refused).toBeGreaterThan(MUTATIONS / 2);
  rmSync(dir, { recursive: true });
});

/** The memory that tables, packed files and pictures may ask for: the error names the limit, and the caller can raise it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { data, FormatError, scope, tensor } from '../../src/index.ts';
import { imageFolder, imdb, mnist, parseCsv, readCsv } from '../../src/node/index.ts';
import { collectGarbage } from '../support/garbage.ts';
import { black, chunk, header, pictures, pngOf, zeros } from '../support/hostilePictures.ts';
import { inUse } from '../support/inUse.ts';

const MIB = 2 ** 20;
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'saraf-'));
  mkdirSync(join(dir, 'class'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true });
});

describe('CSV', () => {
  it('very long runs of digits are a text or a number', () => {
    const digits = '1'.repeat(1_000_000);
    for (const end of ['x', '.1.', 'e', 'e1x', ' x', '.ex'])
      expect(typeof parseCsv(`a\n${digits}${end}\n`).rows[0]![0]).toBe('string');
    for (const end of ['', '.', '.5', 'e5', '.e1', '   '])
      expect(typeof parseCsv(`a\n${digits}${end}\n`).rows[0]![0], end).toBe('number');
    const blanks = ' '.repeat(1_000_000);
    expect(typeof parseCsv(`a\n${blanks}x\n`).rows[0]![0]).toBe('string');
    expect(() => parseCsv(`a\n${digits}x\n`, { types: { a: 'number' } })).toThrow('is not a number');
  });

  it('many columns are found by name', () => {
    const names = Array.from({ length: 200_000 }, (_, i) => `c${i}`);
    const table = parseCsv(`${names.join()}\n${names.map((_, i) => i).join()}\n`, { types: { c7: 'number' } });
    expect(table.column('c199999')).toEqual([199_999]);
    expect(scope(() => table.toTensor().shape)).toEqual([1, 200_000]);
    expect(() => table.column('d')).toThrow(/columns: c0, .*, c49, … \(200000 in all\)\)$/);
    expect(() => parseCsv(`${names.join()}\n`, { types: { d: 'number' } })).toThrow('(200000 in all)');
  });

  it('maxElements limits fields and lines', () => {
    const text = `a,b\n${'1,2\n'.repeat(100)}`;
    // 202 fields, and 4 for each of the 101 lines.
    expect(parseCsv(text, { maxElements: 606 }).length).toBe(100);
    expect(() => parseCsv(text, { maxElements: 605 })).toThrow(
      'CSV: the table has more than 605 elements, the limit; { maxElements } raises it',
    );
    const path = join(dir, 'a.csv');
    writeFileSync(path, text);
    expect(() => readCsv(path, { maxElements: 100 })).toThrow(FormatError);
    expect(() => readCsv(path, { maxElements: 100 })).toThrow('a.csv: the table has more than 100 elements');
    expect(readCsv(path, { maxElements: Infinity }).length).toBe(100);
    expect(() => parseCsv(text, { maxElements: -1 })).toThrow('maxElements must be at least 0');
    expect(parseCsv(`a\n${'\n'.repeat(100_000)}1\n`, { maxElements: 200_000 }).rows).toEqual([[1]]);
    expect(() => parseCsv(',\n'.repeat(10_000), { maxElements: 1000 })).toThrow('more than 1000 elements');
  });

  it('columns may have any name', () => {
    const names = ['constructor', '__proto__', 'toString', 'length', 'hasOwnProperty', 'valueOf'];
    const table = parseCsv(`${names.join()}\n${names.map((_, i) => i).join()}\n`);
    expect(table.columns).toEqual(names);
    expect(table.rows).toEqual([[0, 1, 2, 3, 4, 5]]);
    names.forEach((name, i) => {
      expect(table.column(name), name).toEqual([i]);
      const types = Object.fromEntries([[name, 'string' as const]]);
      expect(parseCsv(`${names.join()}\n1,1,1,1,1,1\n`, { types }).column(name), name).toEqual(['1']);
      expect(() => parseCsv('a\n1\n', { types }), name).toThrow(`types names ${name}`);
    });
    expect(scope(() => table.toTensor(names).toArray())).toEqual([[0, 1, 2, 3, 4, 5]]);
    expect(() => parseCsv('a\n1\n').column('constructor')).toThrow('there is no column constructor');
  });

  it('of two columns with the same name the first is found', () => {
    expect(parseCsv('a,b,a\n1,2,3\n').column('a')).toEqual([1]);
  });

  it('film reviews have the same limit', () => {
    const path = join(dir, 'reviews.csv');
    writeFileSync(path, `review,sentiment\n${'Good,positive\n'.repeat(100)}`);
    expect(imdb(path).labels).toHaveLength(100);
    expect(() => imdb(path, { maxElements: 100 })).toThrow('the table has more than 100 elements');
    expect(() => imdb(path, { most: 1 } as never)).toThrow('unknown option most');
    writeFileSync(path, `review,sentiment\n"${'<br '.repeat(200_000)}${' '.repeat(200_000)}",1\n`);
    expect(imdb(path).texts[0]).toHaveLength(1_000_000);
    writeFileSync(path, 'review,sentiment\nx,constructor\n');
    expect(() => imdb(path)).toThrow('sentiment must be positive or negative, got constructor');
  });
});

describe('gzip', () => {
  const idx = (sizes: number[], elements: Uint8Array) => {
    const head = Buffer.alloc(4 + 4 * sizes.length);
    head.set([0, 0, 8, sizes.length]);
    sizes.forEach((size, i) => {
      head.writeUInt32BE(size, 4 + 4 * i);
    });
    return Buffer.concat([head, elements]);
  };
  const write = (images: Buffer) => {
    for (const part of ['train', 't10k']) {
      writeFileSync(join(dir, `${part}-images-idx3-ubyte.gz`), images);
      writeFileSync(join(dir, `${part}-labels-idx1-ubyte.gz`), gzipSync(idx([2], new Uint8Array(2))));
    }
  };
  const read = (options = {}) =>
    scope(() => {
      const { train } = mnist(dir, options);
      return train.tensors[0].shape;
    });

  it('a file that unpacks to far more than its size is refused', () => {
    write(gzipSync(Buffer.alloc(40 * MIB)));
    const { arrayBuffers } = process.memoryUsage();
    expect(() => read()).toThrow(FormatError);
    expect(() => read()).toThrow(
      /idx3-ubyte\.gz: \d+ bytes unpack to more than \d+ elements, the limit; \{ maxElements/,
    );
    expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(80 * MIB);
    // If the limit is large enough, it is not an IDX file.
    expect(() => read({ maxElements: 50 * MIB })).toThrow();
  });

  it('maxElements raises and lowers the limit', () => {
    write(gzipSync(idx([2, 3000, 3000], new Uint8Array(18_000_000))));
    expect(() => read()).toThrow('unpack to more than');
    expect(read({ maxElements: 18_000_100 })).toEqual([2, 1, 3000, 3000]);
    write(gzipSync(idx([2, 3, 3], new Uint8Array(18))));
    expect(read()).toEqual([2, 1, 3, 3]);
    expect(() => read({ maxElements: 20 })).toThrow('unpack to more than 20 elements');
    expect(() => read({ maxElements: 'x' })).toThrow('maxElements must be at least 0');
    expect(() => read({ most: 1 })).toThrow('unknown option most');
  });
});

/** Gives only the width of a picture: tensors of millions of elements would take longer than decoding. */
class Width extends data.transforms.Transform {
  override forward(image: data.transforms.ImageInput) {
    return tensor([(image as data.transforms.ImageLike).width]);
  }
  override apply(): never {
    throw new Error('forward does it');
  }
}

describe('pictures', () => {
  it.each(pictures)('are refused: %s', async (_, bytes, file, message) => {
    writeFileSync(join(dir, 'class', file), bytes);
    const set = await imageFolder(dir);
    await collectGarbage();
    const before = inUse();
    const { arrayBuffers } = process.memoryUsage();
    expect(() => set.get(0)).toThrow(FormatError);
    expect(() => set.get(0)).toThrow(message);
    await expect(set.prepare(0)).rejects.toThrow(message);
    expect(process.memoryUsage().arrayBuffers - arrayBuffers).toBeLessThan(8 * MIB + 2 * bytes.length);
    expect(inUse()).toEqual(before);
  });

  it('with texts and other unread parts are not limited by these', async () => {
    const texts = Array(20_000).fill(chunk('tEXt', Buffer.from('Comment\0x')));
    const packed = chunk('zTXt', Buffer.concat([Buffer.from('Comment\0\0'), gzipSync(Buffer.alloc(MIB))]));
    writeFileSync(join(dir, 'class', 'a.png'), pngOf(header(3, 2, 8, 0), ...texts, packed, zeros(8)));
    const set = await imageFolder(dir);
    expect(scope(() => set.get(0)[0].shape)).toEqual([3, 2, 3]);
  });

  it('maxElements raises and lowers the limit', async () => {
    const widthOf = async (options = {}) => {
      const set = await imageFolder(dir, { transform: new Width(), ...options });
      return scope(() => set.get(0)[0].item());
    };
    writeFileSync(join(dir, 'class', 'a.png'), black(3000, 2600));
    await expect(widthOf()).rejects.toThrow('3×7800000 pixels are more than');
    expect(await widthOf({ maxElements: 3 * 7_800_000 })).toBe(3000);
    writeFileSync(join(dir, 'class', 'a.png'), black(2000, 2000));
    expect(await widthOf()).toBe(2000);
    await expect(widthOf({ maxElements: 100 })).rejects.toThrow('pixels are more than 100 elements');
    await expect(widthOf({ maxElements: -1 })).rejects.toThrow('maxElements must be at least 0');
    rmSync(join(dir, 'class', 'a.png'));
    const photo = jpeg.encode({ width: 640, height: 480, data: Buffer.alloc(640 * 480 * 4, 77) }, 90).data;
    writeFileSync(join(dir, 'class', 'a.jpg'), photo);
    expect(await widthOf()).toBe(640);
    await expect(widthOf({ maxElements: 1000 })).rejects.toThrow('pixels are more than 1000 elements');
  });

  it('may be interlaced', async () => {
    // All seven passes of a black picture: the rows of each, with a byte before each row.
    writeFileSync(join(dir, 'class', 'a.png'), pngOf(header(8, 8, 8, 0, 1), zeros(2 + 2 + 3 + 6 + 10 + 20 + 36)));
    const set = await imageFolder(dir);
    expect(scope(() => [set.get(0)[0].shape, set.get(0)[0].sum().item()])).toEqual([[3, 8, 8], 0]);
  });

  it('that are read ahead share a bounded memory; the others are decoded when they are needed', async () => {
    const [width, count] = [2040, 6];
    for (let i = 0; i < count; i++) writeFileSync(join(dir, 'class', `${i}.png`), black(width, width));
    const set = await imageFolder(dir, { workers: 2, transform: new Width() });
    const decode = vi.spyOn(PNG.sync, 'read');
    // 2²⁶ elements: five of these.
    const makers = await Promise.all(Array.from({ length: count }, (_, i) => set.prepare(i)));
    expect(decode).toHaveBeenCalledTimes(0);
    for (const make of makers) scope(() => expect(make()[0].item()).toBe(width));
    expect(decode).toHaveBeenCalledTimes(1);
    // Pictures that were used free their memory.
    const again = await Promise.all([0, 1].map((i) => set.prepare(i)));
    for (const make of again) scope(() => make());
    expect(decode).toHaveBeenCalledTimes(1);
  });

  it('are decoded once per pass', async () => {
    for (let i = 0; i < 6; i++) writeFileSync(join(dir, 'class', `${i}.png`), black(8, 8));
    const decode = vi.spyOn(PNG.sync, 'read');
    for (const prefetch of [0, 1, 3]) {
      decode.mockClear();
      const set = await imageFolder(dir, { workers: 0 });
      for await (const [images] of new data.DataLoader(set, { batchSize: 4, shuffle: true, prefetch }))
        expect(images.shape.slice(1)).toEqual([3, 8, 8]);
      expect(decode).toHaveBeenCalledTimes(6);
    }
  });
});

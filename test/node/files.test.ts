/** CSV tables, film reviews and folders of images. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArgumentError, data, FormatError, scope } from '../../src/index.ts';
import { imageFolder, imdb, parseCsv, readCsv } from '../../src/node/index.ts';
import { peer } from '../../src/node/peers.ts';
import { inUse } from '../support/inUse.ts';

const wrong = (x: unknown) => x as never;
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'saraf-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

describe('parseCsv', () => {
  it('reads quotes, separators and line ends inside fields', () => {
    const table = parseCsv('name,text,n\r\n"a,b","say ""hi""\r\nand go",1\r\nc,,2.5e1');
    expect(table.columns).toEqual(['name', 'text', 'n']);
    expect(table.rows).toEqual([
      ['a,b', 'say "hi"\r\nand go', 1],
      ['c', '', 25],
    ]);
    expect([table.length, table.column('n')]).toEqual([2, [1, 25]]);
  });

  it('takes a column as numbers if all its fields are numbers or empty', () => {
    const table = parseCsv('a,b,c,d\n1,x,,\n,2,,7\n-.5,+3.,,0x1\n');
    expect(table.rows).toEqual([
      [1, 'x', '', ''],
      [Number.NaN, '2', '', '7'],
      [-0.5, '+3.', '', '0x1'],
    ]);
    expect(parseCsv('zip\n01234', { types: { zip: 'string' } }).rows).toEqual([['01234']]);
    expect(() => parseCsv('a\nx', { types: { a: 'number' } })).toThrow('CSV: row 1, column a: "x" is not a number');
  });

  it('accepts other separators, tables without names, a byte order mark and empty lines', () => {
    expect(parseCsv('1;2\n3;4', { header: false, delimiter: ';' })).toMatchObject({
      columns: ['0', '1'],
      rows: [
        [1, 2],
        [3, 4],
      ],
    });
    expect(parseCsv('\ufeffa\n\n1\n\n').rows).toEqual([[1]]);
    expect(parseCsv('a,b\n1,').rows).toEqual([[1, '']]);
    expect(parseCsv('a\n""\n').rows).toEqual([['']]);
    expect(parseCsv('a\rb\r').rows).toEqual([['b']]);
    expect(parseCsv('a,b').rows).toEqual([]);
  });

  it('gives tensors', () => {
    const table = parseCsv('a,b,c\n1,x,2\n3,y,4');
    const x = table.toTensor(['c', 'a']);
    expect(x.toArray()).toEqual([
      [2, 1],
      [4, 3],
    ]);
    x.dispose();
    expect(() => table.toTensor()).toThrow('column b contains "x", which is not a number');
    expect(() => table.column('z')).toThrow('there is no column z (columns: a, b, c)');
  });

  it.each<[string, () => unknown, new (...args: never[]) => Error, string]>([
    ['an open quote', () => parseCsv('a\n"b'), FormatError, 'a quote is not closed in line 2'],
    ['text after a quote', () => parseCsv('a\n"b"c'), FormatError, 'text follows a closing quote in line 2'],
    ['short lines', () => parseCsv('a,b\n1'), FormatError, 'row 1 has 1 fields, expected 2'],
    ['nothing', () => parseCsv(''), FormatError, 'the table is empty'],
    ['a long delimiter', () => parseCsv('a', { delimiter: '||' }), ArgumentError, 'delimiter must be one character'],
    [
      'types of an unknown column',
      () => parseCsv('a\n1', { types: { b: 'string' } }),
      ArgumentError,
      'types names b, which is not a column',
    ],
    ['a misspelt option', () => parseCsv('a', wrong({ sep: ',' })), ArgumentError, 'readCsv: unknown option sep'],
  ])('refuses %s', (_, fn, kind, message) => {
    expect(fn).toThrow(kind);
    expect(fn).toThrow(message);
  });

  it('is also available for files, as are film reviews', () => {
    const path = join(dir, 'reviews.csv');
    writeFileSync(path, 'review,sentiment\n"Good.<br /><br />Very, very good",positive\nBad,negative\n');
    expect(readCsv(path).column('sentiment')).toEqual(['positive', 'negative']);
    expect(imdb(path)).toEqual({ texts: ['Good.  Very, very good', 'Bad'], labels: [1, 0] });
    writeFileSync(path, 'review,sentiment\nSo so,neutral\n');
    expect(() => imdb(path)).toThrow('row 1: sentiment must be positive or negative, got neutral');
    writeFileSync(path, 'text,sentiment\nx,1\n');
    expect(() => imdb(path)).toThrow('there is no column review');
    expect(() => readCsv(join(dir, 'none.csv'))).toThrow('ENOENT');
  });
});

/** Pixels of one colour. */
function pixels(width: number, height: number, [r, g, b]: number[]): Buffer {
  return Buffer.from(Array.from({ length: width * height }, () => [r!, g!, b!, 255]).flat());
}

function png(width: number, height: number, color: number[]): Buffer {
  const image = new PNG({ width, height });
  image.data = pixels(width, height, color);
  return PNG.sync.write(image);
}

describe('imageFolder', () => {
  function fill(): void {
    for (const folder of ['dogs/young', 'cats']) mkdirSync(join(dir, folder), { recursive: true });
    writeFileSync(join(dir, 'cats', 'b.png'), png(3, 2, [255, 0, 0]));
    writeFileSync(
      join(dir, 'cats', 'a.JPG'),
      jpeg.encode({ width: 3, height: 2, data: pixels(3, 2, [0, 255, 0]) }, 95).data,
    );
    writeFileSync(join(dir, 'dogs/young', 'c.png'), png(3, 2, [0, 0, 255]));
    writeFileSync(join(dir, 'dogs', 'notes.txt'), 'no image');
  }

  it('gives images and labels, also in batches', async () => {
    fill();
    const set = await imageFolder(dir);
    expect([set.classes, set.length, set.samples.map(({ label }) => label)]).toEqual([['cats', 'dogs'], 3, [0, 0, 1]]);
    const before = inUse();
    const [image, label] = set.get(1);
    expect([image.shape, label.shape, label.dtype, label.item()]).toEqual([[3, 2, 3], [], 'int32', 0]);
    expect(image.toArray()).toEqual(
      [1, 0, 0].map((v) => [
        [v, v, v],
        [v, v, v],
      ]),
    );
    for (const t of [image, label]) t.dispose();
    const seen: number[][] = [];
    scope(() => {
      for (const [x, y] of new data.DataLoader(set, { batchSize: 2 })) {
        expect(x.shape.slice(1)).toEqual([3, 2, 3]);
        seen.push([...y.dataSync()]);
      }
    });
    expect(seen).toEqual([[0, 0], [1]]);
    const [red, green] = scope(() => [0, 1].map((c) => set.get(0)[0].select(0, c).mean().item()) as [number, number]);
    expect(red).toBeLessThan(0.1);
    expect(green).toBeGreaterThan(0.9);
    expect(inUse()).toEqual(before);
  });

  it('transforms images', async () => {
    fill();
    const set = await imageFolder(dir, { transform: new data.transforms.Resize([4, 5]) });
    const [image, label] = set.get(2);
    expect(image.shape).toEqual([3, 4, 5]);
    for (const t of [image, label]) t.dispose();
  });

  it('refuses folders without classes, and damaged images', async () => {
    await expect(imageFolder(join(dir, 'none'))).rejects.toThrow('has no folders; expected one folder of images');
    mkdirSync(join(dir, 'cats'));
    await expect(imageFolder(dir)).rejects.toThrow('has no PNG or JPEG files');
    const damaged = png(3, 2, [1, 2, 3]);
    writeFileSync(join(dir, 'cats', 'a.png'), damaged.subarray(0, 50));
    writeFileSync(join(dir, 'cats', 'b.jpeg'), 'not an image');
    const huge = Buffer.from(damaged);
    huge.writeUInt32BE(2 ** 31 - 1, 16);
    writeFileSync(join(dir, 'cats', 'c.png'), huge);
    const set = await imageFolder(dir);
    for (const [i, message] of [
      [0, 'a.png: damaged image'],
      [1, 'b.jpeg: damaged image'],
      [2, 'pixels are more than'],
    ] as const) {
      expect(() => set.get(i)).toThrow(FormatError);
      expect(() => set.get(i)).toThrow(message);
    }
    expect(() => set.get(3)).toThrow('example 3 is out of range for 3 examples');
    await expect(imageFolder(dir, { transform: wrong((x: unknown) => x) })).rejects.toThrow('transform must be one of');
  });

  it('says which package is missing', async () => {
    const name = 'saraf-missing-package';
    await expect(peer('imageFolder', name, () => import(name))).rejects.toThrow(
      'imageFolder: the npm package saraf-missing-package is not installed (npm install saraf-missing-package)',
    );
    await expect(peer('imageFolder', name, () => Promise.reject(new Error('other')))).rejects.toThrow('other');
  });
});

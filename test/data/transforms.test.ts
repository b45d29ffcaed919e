/** Image transforms: against torchvision where the choice is fixed (test/golden/transforms.py), by their properties where it is random. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  data,
  manualSeed,
  ones,
  rand,
  ShapeError,
  scope,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import { fixtures } from '../support/golden.ts';
import { inUse } from '../support/inUse.ts';

const { transforms } = data;
const wrong = (x: unknown) => x as never;

interface TransformCase {
  fn: 'Resize' | 'CenterCrop' | 'RandomRotation' | 'ColorJitter' | 'Normalize' | 'RandomHorizontalFlip';
  args: unknown[];
  shape: number[];
  image: number[];
  resultShape: number[];
  result: number[];
}

const cases = fixtures<TransformCase>('transforms').map((c): [string, TransformCase] => [
  `${c.fn}(${JSON.stringify(c.args).slice(1, -1)}) of [${c.shape}]`,
  c,
]);

describe('transforms agree with torchvision', () => {
  it.each(cases)('%s', (_, c) => {
    const Kind = transforms[c.fn] as unknown as new (...args: unknown[]) => data.transforms.Transform;
    const before = inUse();
    const [shape, values] = scope(() => {
      const y = new Kind(...c.args).forward(tensor(c.image).reshape(c.shape));
      return [y.shape, [...y.dataSync()]] as const;
    });
    expect(inUse()).toEqual(before);
    expect(shape).toEqual(c.resultShape);
    const furthest = values.reduce((most, value, i) => Math.max(most, Math.abs(value - c.result[i]!)), 0);
    expect(furthest).toBeLessThan(2e-5);
  });
});

const list = (t: Tensor) => [...t.dataSync()];

describe('random transforms', () => {
  const image = () => rand(3, 8, 6);

  it.each([
    ['RandomHorizontalFlip', (seed?: number) => new transforms.RandomHorizontalFlip({ seed })],
    ['RandomResizedCrop', (seed?: number) => new transforms.RandomResizedCrop([4, 5], { seed })],
    ['RandomRotation', (seed?: number) => new transforms.RandomRotation(30, { seed })],
    ['ColorJitter', (seed?: number) => new transforms.ColorJitter({ brightness: 0.5, hue: 0.2, contrast: 0.3, seed })],
  ])('%s makes the same choices with the same seed, or with manualSeed', (_, make) => {
    manualSeed(1);
    const x = image();
    const run = (seed?: number) => {
      const transform = make(seed);
      return Array.from({ length: 12 }, () => list(transform.forward(x)));
    };
    const first = run(5);
    expect(run(5)).toEqual(first);
    expect(run(6)).not.toEqual(first);
    expect(new Set(first.map(String)).size).toBeGreaterThan(1);
    manualSeed(3);
    const own = run();
    manualSeed(3);
    expect(run()).toEqual(own);
  });

  it('flip about half of the images', () => {
    const flip = new transforms.RandomHorizontalFlip({ seed: 2 });
    const x = tensor([[[1, 2]]]);
    let flipped = 0;
    for (let i = 0; i < 400; i++) flipped += scope(() => Number(flip.forward(x).dataSync()[0] === 2));
    expect(flipped).toBeGreaterThan(150);
    expect(flipped).toBeLessThan(250);
  });

  it('crop inside the image, to the given size', () => {
    const crop = new transforms.RandomResizedCrop(4, { seed: 1 });
    for (let i = 0; i < 50; i++) {
      const y = crop.forward(ones(2, 9, 5));
      expect(y.shape).toEqual([2, 4, 4]);
      expect(Math.min(...list(y))).toBeGreaterThan(0.9999);
    }
    const tall = new transforms.RandomResizedCrop(2, { seed: 1, scale: [1, 1], ratio: [1, 1] });
    expect(tall.forward(ones(1, 2, 9)).shape).toEqual([1, 2, 2]);
  });
});

describe('images in bytes', () => {
  const rgba = { width: 2, height: 1, data: Uint8Array.of(255, 0, 51, 255, 0, 102, 255, 0) };

  it('become [C,H,W] from 0 to 1, without alpha', () => {
    const same = new transforms.Compose([]);
    const y = same.forward(rgba);
    expect(y.shape).toEqual([3, 1, 2]);
    expect(list(y).map((v) => Math.round(v * 255))).toEqual([255, 0, 0, 102, 51, 255]);
    expect(same.forward({ width: 1, height: 1, data: [255] }).toArray()).toEqual([[[1]]]);
  });

  it('pass through a chain of transforms', () => {
    const chain = new transforms.Compose([
      new transforms.Resize([2, 4], { interpolation: 'nearest' }),
      new transforms.Normalize([0.5], [0.5]),
    ]);
    const y = chain.forward(rgba);
    expect(y.shape).toEqual([3, 2, 4]);
    expect(list(y.slice(0, 0, 1))).toEqual([1, 1, -1, -1, 1, 1, -1, -1]);
  });
});

describe('transforms refuse', () => {
  const x = ones(3, 4, 4);
  it.each<[string, () => unknown, new (...args: never[]) => Error, string]>([
    [
      'a flat tensor',
      () => new transforms.Resize(2).forward(ones(4)),
      ShapeError,
      'Resize: an image must be [C,H,W], got [4]',
    ],
    [
      'bytes that do not fit',
      () => new transforms.Resize(2).forward({ width: 2, height: 2, data: [1, 2] }),
      ArgumentError,
      'with 1, 3 or 4 bytes per pixel',
    ],
    [
      'no image',
      () => new transforms.Resize(2).forward(wrong(null)),
      ArgumentError,
      'expected a tensor [C,H,W] or an image',
    ],
    ['a size of 0', () => new transforms.Resize(0), ArgumentError, 'Resize: size must be a whole number of at least 1'],
    [
      'three sizes',
      () => new transforms.CenterCrop(wrong([1, 2, 3])),
      ArgumentError,
      'size must be a number or [height, width]',
    ],
    [
      'an unknown interpolation',
      () => new transforms.Resize(2, { interpolation: wrong('cubic') }),
      ArgumentError,
      "must be 'bilinear' or 'nearest'",
    ],
    ['a probability above 1', () => new transforms.RandomHorizontalFlip(2), ArgumentError, 'p must be between 0 and 1'],
    ['negative degrees', () => new transforms.RandomRotation(-1), ArgumentError, 'degrees must be at least 0'],
    [
      'a hue that is too large',
      () => new transforms.ColorJitter({ hue: 0.7 }),
      ArgumentError,
      'hue must be a number from 0 to 0.5',
    ],
    ['falling bounds', () => new transforms.ColorJitter({ contrast: [2, 1] }), ArgumentError, 'two ascending bounds'],
    [
      'a wrong number of channels',
      () => new transforms.Normalize([0, 0], [1, 1]).forward(x),
      ShapeError,
      '2 means for 3 channels',
    ],
    ['a std of 0', () => new transforms.Normalize([0], [0]), ArgumentError, 'std must not be 0'],
    [
      'a value that is not a transform',
      () => new transforms.Compose([wrong(() => x)]),
      ArgumentError,
      'Compose: expected a list of transforms',
    ],
    [
      'a misspelt option',
      () => new transforms.Resize(2, wrong({ mode: 'nearest' })),
      ArgumentError,
      'Resize: unknown option mode',
    ],
  ])('%s', (_, fn, kind, message) => {
    expect(fn).toThrow(kind);
    expect(fn).toThrow(message);
  });
});

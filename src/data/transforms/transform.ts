/** The base of all transforms, and chains of them. */
import { ArgumentError, refuse } from '../../../bindings/errors.ts';
import { isInstance, Marked } from '../../copies.ts';
import { type Generator, generatorFor } from '../../emit/random.ts';
import { checkWhole, noMore, shown } from '../../options.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type ImageInput, type Picture, pictureOf, tensorOf } from './picture.ts';

/** A function from image to image. */
export abstract class Transform extends Marked {
  constructor(
    /** @internal Its name in errors. */
    protected readonly op = 'Transform',
  ) {
    super();
  }

  /** A new tensor [C, H, W] from a tensor [C, H, W] or from an image of bytes, which become 0 … 1. */
  forward(image: ImageInput): Tensor {
    if (arguments.length > 1) noMore('Transform.forward', 1, arguments);
    return tensorOf(this.apply(pictureOf(this.op, image)));
  }

  /** @internal */
  abstract apply(picture: Picture): Picture;
}

/** Options of transforms that choose at random. */
export interface SeedOptions {
  /** Seed of the choices; without it they follow `manualSeed`. */
  seed?: number;
}

/** A transform that chooses at random. */
export abstract class RandomTransform extends Transform {
  private readonly random: Generator;

  constructor(op: string, seed: number | undefined) {
    super(op);
    this.random = generatorFor(op, seed);
  }

  /** n random numbers from 0 to 1. */
  protected draw(n: number): number[] {
    return Array.from(this.random.numbers('uniform', n));
  }

  /** A random number from 0 to 1. */
  protected drawOne(): number {
    return this.draw(1)[0]!;
  }

  /** A random order of 0 … n − 1. */
  protected order(n: number): Int32Array {
    return this.random.permutation(n);
  }
}

/**
 * Applies transforms one after the other.
 *
 * @example
 * const augment = new data.transforms.Compose([
 *   new data.transforms.RandomHorizontalFlip(),
 *   new data.transforms.Normalize([0.5], [0.5]),
 * ]);
 * const image = { width: 2, height: 1, data: [0, 0, 0, 255, 255, 255, 255, 255] }; // RGBA
 * augment.forward(image).shape; // [3, 1, 2]
 */
export class Compose extends Transform {
  constructor(
    /** The transforms, in their order; an empty list only turns images into tensors. */
    readonly transforms: readonly Transform[],
  ) {
    if (arguments.length > 1) noMore('Compose', 1, arguments);
    super('Compose');
    if (!Array.isArray(transforms) || !transforms.every((transform) => isInstance(transform, Transform))) {
      refuse(ArgumentError, 'Compose', 'expected a list of transforms', { argument: 'transforms', got: transforms });
    }
  }

  override apply(picture: Picture): Picture {
    if (arguments.length > 1) noMore('Compose.apply', 1, arguments);
    return this.transforms.reduce((changed, transform) => transform.apply(changed), picture);
  }
}

/** Height and width: a pair, or one number for both. */
export type Size = number | readonly [height: number, width: number];

/** A size as height and width. */
export function pairOf(op: string, size: Size): [number, number] {
  const pair = Array.isArray(size) ? [...size] : [size, size];
  if (pair.length !== 2)
    refuse(ArgumentError, op, `size must be a number or [height, width], got ${shown(size)}`, {
      argument: 'size',
      got: size,
    });
  for (const side of pair) checkWhole(op, 'size', side, 1);
  return pair as [number, number];
}

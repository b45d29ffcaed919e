/** Geometric transforms: sizes, crops, mirror images, rotations, with torchvision's semantics. */
import { checkFinite, checkOneOf, checkOptions, checkRange, FLAG, noMore, VALUE } from '../../options.ts';
import { cropped, drawn, type Picture } from './picture.ts';
import { type Interpolation, resized } from './resize.ts';
import { pairOf, RandomTransform, type SeedOptions, type Size, Transform } from './transform.ts';

/** Options of `Resize`. */
export interface ResizeOptions {
  /** Take the nearest pixel, or mix the pixels around it. Default 'bilinear'. */
  interpolation?: Interpolation;
  /** Average when the image shrinks (bilinear only). Default true. */
  antialias?: boolean;
}

function checkInterpolation(op: string, interpolation: Interpolation = 'bilinear'): void {
  checkOneOf(op, 'interpolation', interpolation, ['bilinear', 'nearest']);
}

/**
 * Resizes to [height, width], or to a number for the shorter side, which keeps the proportions.
 *
 * @see https://pytorch.org/vision/stable/generated/torchvision.transforms.Resize.html
 * @example
 * new data.transforms.Resize(16).forward(rand(3, 8, 12)).shape; // [3, 16, 24]
 */
export class Resize extends Transform {
  constructor(
    /** The new size, ≥ 1: [height, width], or one number for the shorter side. */
    readonly size: Size,
    private readonly options: ResizeOptions = {},
  ) {
    if (arguments.length > 2) noMore('Resize', 2, arguments);
    super('Resize');
    pairOf('Resize', size);
    checkOptions('Resize', options, { interpolation: VALUE, antialias: FLAG });
    checkInterpolation('Resize', options.interpolation);
  }

  override apply(picture: Picture): Picture {
    if (arguments.length > 1) noMore('Resize.apply', 1, arguments);
    const { size } = this;
    let [height, width] = pairOf('Resize', size);
    if (typeof size === 'number') {
      if (picture.height < picture.width) width = Math.floor((size * picture.width) / picture.height);
      else height = Math.floor((size * picture.height) / picture.width);
    }
    return resized(picture, height, width, this.options.interpolation, this.options.antialias);
  }
}

/**
 * The middle of the image; pixels outside it are 0.
 *
 * @see https://pytorch.org/vision/stable/generated/torchvision.transforms.CenterCrop.html
 * @example
 * new data.transforms.CenterCrop([4, 6]).forward(rand(3, 8, 12)).shape; // [3, 4, 6]
 */
export class CenterCrop extends Transform {
  constructor(
    /** The size of the middle part, ≥ 1: [height, width], or one number for both. */
    readonly size: Size,
  ) {
    if (arguments.length > 1) noMore('CenterCrop', 1, arguments);
    super('CenterCrop');
    pairOf('CenterCrop', size);
  }

  override apply(picture: Picture): Picture {
    if (arguments.length > 1) noMore('CenterCrop.apply', 1, arguments);
    const [height, width] = pairOf('CenterCrop', this.size);
    const start = (inner: number, outer: number) =>
      inner > outer ? -Math.floor((inner - outer) / 2) : halfEven((outer - inner) / 2);
    return cropped(picture, start(height, picture.height), start(width, picture.width), height, width);
  }
}

/** The nearest whole number; the even one of two. */
function halfEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return Math.round(x);
  return below % 2 === 0 ? below : below + 1;
}

/** Options of `RandomResizedCrop`. */
export interface RandomResizedCropOptions extends ResizeOptions, SeedOptions {
  /** Bounds of the share of the area that the crop has. Default [0.08, 1]. */
  scale?: readonly [number, number];
  /** Bounds of width / height. Default [3/4, 4/3]. */
  ratio?: readonly [number, number];
}

/** Attempts at a crop before the middle of the image is taken. */
const ATTEMPTS = 10;

/**
 * A random part of the image, resized to a given size.
 *
 * @see https://pytorch.org/vision/stable/generated/torchvision.transforms.RandomResizedCrop.html
 * @example
 * new data.transforms.RandomResizedCrop(16, { scale: [0.5, 1], seed: 1 }).forward(rand(3, 32, 32)).shape; // [3, 16, 16]
 */
export class RandomResizedCrop extends RandomTransform {
  constructor(
    /** The size of the result, ≥ 1: [height, width], or one number for both. */
    readonly size: Size,
    private readonly options: RandomResizedCropOptions = {},
  ) {
    if (arguments.length > 2) noMore('RandomResizedCrop', 2, arguments);
    const op = 'RandomResizedCrop';
    checkOptions(op, options, { scale: VALUE, ratio: VALUE, interpolation: VALUE, antialias: FLAG, seed: VALUE });
    checkInterpolation(op, options.interpolation);
    super(op, options.seed);
    pairOf(op, size);
    for (const bound of [...(options.scale ?? []), ...(options.ratio ?? [])])
      checkRange(op, 'scale and ratio', bound, 1e-9);
  }

  override apply(picture: Picture): Picture {
    if (arguments.length > 1) noMore('RandomResizedCrop.apply', 1, arguments);
    const [height, width] = pairOf('RandomResizedCrop', this.size);
    const { interpolation, antialias } = this.options;
    const [top, left, h, w] = this.choose(picture);
    return resized(cropped(picture, top, left, h, w), height, width, interpolation, antialias);
  }

  private choose({ height, width }: Picture): [top: number, left: number, height: number, width: number] {
    const { scale: [least, most] = [0.08, 1], ratio: [narrow, broad] = [3 / 4, 4 / 3] } = this.options;
    const draws = this.draw(ATTEMPTS * 4);
    for (let i = 0; i < ATTEMPTS; i++) {
      const [a = 0, b = 0, c = 0, d = 0] = draws.slice(i * 4, i * 4 + 4);
      const area = height * width * (least + (most - least) * a);
      const ratio = Math.exp(Math.log(narrow) + (Math.log(broad) - Math.log(narrow)) * b);
      const w = Math.round(Math.sqrt(area * ratio));
      const h = Math.round(Math.sqrt(area / ratio));
      if (w < 1 || h < 1 || w > width || h > height) continue;
      return [Math.floor(c * (height - h + 1)), Math.floor(d * (width - w + 1)), h, w];
    }
    const own = width / height;
    const w = own > broad ? Math.round(height * broad) : width;
    const h = own < narrow ? Math.round(width / narrow) : height;
    return [Math.floor((height - h) / 2), Math.floor((width - w) / 2), h, w];
  }
}

/** Options of the random flips. */
export interface FlipOptions extends SeedOptions {
  /** The probability. Default 0.5. */
  p?: number;
}

/**
 * Mirrors the image with probability p: `new RandomHorizontalFlip(0.5)` or `{ p, seed }`.
 *
 * @example
 * new data.transforms.RandomHorizontalFlip(1).forward(tensor([[[0, 1]]])).toArray(); // [[[1, 0]]]
 */
export class RandomHorizontalFlip extends RandomTransform {
  /** The probability with which an image is mirrored, 0 … 1. Default 0.5. */
  readonly p: number;

  constructor(options: number | FlipOptions = {}) {
    if (arguments.length > 1) noMore('RandomHorizontalFlip', 1, arguments);
    const given: FlipOptions = typeof options === 'number' ? { p: options } : options;
    checkOptions('RandomHorizontalFlip', given, { p: VALUE, seed: VALUE });
    super('RandomHorizontalFlip', given.seed);
    this.p = given.p ?? 0.5;
    checkRange('RandomHorizontalFlip', 'p', this.p, 0, 1);
  }

  override apply(picture: Picture): Picture {
    if (arguments.length > 1) noMore('RandomHorizontalFlip.apply', 1, arguments);
    if (this.drawOne() >= this.p) return picture;
    const { channels, height, width, data } = picture;
    return drawn(channels, height, width, (c, y, x) => data[(c * height + y) * width + width - 1 - x]!);
  }
}

/** Options of `RandomRotation`. */
export interface RotationOptions extends SeedOptions {
  /** Take the nearest pixel, or mix the pixels around it. Default 'nearest'. */
  interpolation?: Interpolation;
  /** The value of pixels outside the image. Default 0. */
  fill?: number;
}

/**
 * Rotates about the middle, counter-clockwise, by a random angle from −degrees to degrees, or between two angles.
 *
 * @see https://pytorch.org/vision/stable/generated/torchvision.transforms.RandomRotation.html
 * @example
 * new data.transforms.RandomRotation(10, { seed: 1 }).forward(rand(3, 8, 8)).shape; // [3, 8, 8]
 */
export class RandomRotation extends RandomTransform {
  private readonly bounds: readonly [number, number];

  constructor(
    degrees: number | readonly [number, number],
    private readonly options: RotationOptions = {},
  ) {
    if (arguments.length > 2) noMore('RandomRotation', 2, arguments);
    const op = 'RandomRotation';
    checkOptions(op, options, { interpolation: VALUE, fill: VALUE, seed: VALUE });
    checkInterpolation(op, options.interpolation);
    super(op, options.seed);
    if (isPair(degrees)) {
      this.bounds = degrees;
    } else {
      checkRange(op, 'degrees', degrees, 0);
      this.bounds = [-degrees, degrees];
    }
    for (const bound of this.bounds) checkFinite(op, 'degrees', bound);
  }

  override apply(picture: Picture): Picture {
    if (arguments.length > 1) noMore('RandomRotation.apply', 1, arguments);
    const [low, high] = this.bounds;
    return rotated(picture, low + (high - low) * this.drawOne(), this.options);
  }
}

function isPair(degrees: number | readonly [number, number]): degrees is readonly [number, number] {
  return Array.isArray(degrees) && degrees.length === 2;
}

function rotated(picture: Picture, degrees: number, { interpolation = 'nearest', fill = 0 }: RotationOptions): Picture {
  const { channels, height, width, data } = picture;
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [middleY, middleX] = [(height - 1) / 2, (width - 1) / 2];
  const at = (c: number, y: number, x: number) =>
    y >= 0 && y < height && x >= 0 && x < width ? data[(c * height + y) * width + x]! : fill;
  return drawn(channels, height, width, (c, y, x) => {
    const fromX = cos * (x - middleX) - sin * (y - middleY) + middleX;
    const fromY = sin * (x - middleX) + cos * (y - middleY) + middleY;
    if (interpolation === 'nearest') return at(c, Math.round(fromY), Math.round(fromX));
    const [top, left] = [Math.floor(fromY), Math.floor(fromX)];
    const [down, right] = [fromY - top, fromX - left];
    return (
      (1 - down) * ((1 - right) * at(c, top, left) + right * at(c, top, left + 1)) +
      down * ((1 - right) * at(c, top + 1, left) + right * at(c, top + 1, left + 1))
    );
  });
}

/** Transforms of colours, with torchvision's semantics, for values 0 … 1. */
import { ArgumentError, refuse, ShapeError } from '../../../bindings/errors.ts';
import { checkFinite, checkOptions, noMore, VALUE } from '../../options.ts';
import { drawn, type Picture } from './picture.ts';
import { RandomTransform, type SeedOptions, Transform } from './transform.ts';

/**
 * (x − mean) / std for each channel.
 *
 * @throws ArgumentError if a standard deviation is 0, or there are not as many as means
 * @see https://pytorch.org/vision/stable/generated/torchvision.transforms.Normalize.html
 * @example
 * const normalize = new data.transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
 * normalize.forward(rand(3, 8, 8)).shape; // [3, 8, 8]
 */
export class Normalize extends Transform {
  constructor(
    /** What is subtracted: one number for each channel, or one for all. */
    readonly mean: readonly number[],
    /** What the difference is divided by, never 0: as many numbers as `mean`. */
    readonly std: readonly number[],
  ) {
    if (arguments.length > 2) noMore('Normalize', 2, arguments);
    const op = 'Normalize';
    super(op);
    if (!Array.isArray(mean) || !Array.isArray(std) || mean.length !== std.length || mean.length === 0) {
      refuse(ArgumentError, op, 'mean and std must be lists with one number for each channel', {
        argument: 'mean',
        got: [mean, std],
      });
    }
    for (const value of [...mean, ...std]) checkFinite(op, 'mean and std', value);
    if (std.includes(0)) refuse(ArgumentError, op, 'std must not be 0', { argument: 'std', got: std });
  }

  override apply({ channels, height, width, data }: Picture): Picture {
    if (arguments.length > 1) noMore('Normalize.apply', 1, arguments);
    const { mean, std } = this;
    if (mean.length !== channels && mean.length !== 1) {
      refuse(ShapeError, 'Normalize', `${mean.length} means for ${channels} channels`, {
        argument: 'image',
        got: channels,
        expected: mean.length,
      });
    }
    const of = (list: readonly number[], c: number) => list[list.length === 1 ? 0 : c]!;
    const plane = height * width;
    const normalized = data.map((value, i) => {
      const c = Math.floor(i / plane);
      return (value - of(mean, c)) / of(std, c);
    });
    return { channels, height, width, data: normalized };
  }
}

/** A number v for bounds 1 − v and 1 + v (hue: −v and v), or both bounds. */
export type Jitter = number | readonly [number, number];

/** Options of `ColorJitter`. */
export interface ColorJitterOptions extends SeedOptions {
  /** Factor of all values. Default 0: unchanged. */
  brightness?: Jitter;
  /** Factor of the distance from the mean gray. Default 0: unchanged. */
  contrast?: Jitter;
  /** Factor of the distance from the gray of the pixel. Default 0: unchanged. */
  saturation?: Jitter;
  /** Rotation of the colour circle, in full turns, at most 0.5 either way. Default 0: unchanged. */
  hue?: Jitter;
}

const PROPERTIES = ['brightness', 'contrast', 'saturation', 'hue'] as const;
type Property = (typeof PROPERTIES)[number];

function boundsOf(name: Property, given: Jitter = 0): readonly [number, number] {
  const isHue = name === 'hue';
  const center = isHue ? 0 : 1;
  const bounds =
    typeof given !== 'number' ? given : ([isHue ? -given : Math.max(center - given, 0), center + given] as const);
  const [lowest, highest] = isHue ? [-0.5, 0.5] : [0, Infinity];
  const isNumber = typeof given !== 'number' || given >= 0;
  if (!isNumber || !(bounds[0] >= lowest && bounds[0] <= bounds[1] && bounds[1] <= highest)) {
    refuse(
      ArgumentError,
      'ColorJitter',
      `${name} must be a number from 0${isHue ? ' to 0.5' : ' on'}, or two ascending bounds, got ${String(given)}`,
      { argument: name, got: given },
    );
  }
  return bounds;
}

/**
 * Changes brightness, contrast, saturation and hue at random, in random order. Gray images keep saturation and hue.
 *
 * @throws ArgumentError if an amount is negative
 * @see https://pytorch.org/vision/stable/generated/torchvision.transforms.ColorJitter.html
 * @example
 * const jitter = new data.transforms.ColorJitter({ brightness: 0.2, hue: 0.05, seed: 1 });
 * jitter.forward(rand(3, 8, 8)).shape; // [3, 8, 8]
 */
export class ColorJitter extends RandomTransform {
  private readonly changes: readonly { name: Property; bounds: readonly [number, number] }[];

  constructor(options: ColorJitterOptions = {}) {
    if (arguments.length > 1) noMore('ColorJitter', 1, arguments);
    checkOptions('ColorJitter', options, {
      brightness: VALUE,
      contrast: VALUE,
      saturation: VALUE,
      hue: VALUE,
      seed: VALUE,
    });
    super('ColorJitter', options.seed);
    this.changes = PROPERTIES.map((name) => ({ name, bounds: boundsOf(name, options[name]) }));
  }

  override apply(picture: Picture): Picture {
    if (arguments.length > 1) noMore('ColorJitter.apply', 1, arguments);
    if (picture.channels !== 1 && picture.channels !== 3) {
      refuse(ShapeError, 'ColorJitter', `an image must have 1 or 3 channels, got ${picture.channels}`, {
        argument: 'image',
        got: picture.channels,
      });
    }
    const draws = this.draw(PROPERTIES.length);
    let changed = picture;
    for (const i of this.order(PROPERTIES.length)) {
      const { name, bounds } = this.changes[i]!;
      const [low, high] = bounds;
      if (low === high && low === (name === 'hue' ? 0 : 1)) continue;
      changed = adjust[name](changed, low + (high - low) * draws[i]!);
    }
    return changed;
  }
}

const limit = (x: number) => Math.min(Math.max(x, 0), 1);

/** The luma of Rec. 601, rounded as in torchvision. */
const LUMA = [0.2989, 0.587, 0.114] as const;

function grays({ channels, height, width, data }: Picture): Float32Array {
  const plane = height * width;
  if (channels === 1) return data;
  return Float32Array.from(
    { length: plane },
    (_, i) => LUMA[0] * data[i]! + LUMA[1] * data[plane + i]! + LUMA[2] * data[2 * plane + i]!,
  );
}

/** factor·picture + (1 − factor)·other, within 0 … 1. */
function blend(picture: Picture, factor: number, other: (pixel: number) => number): Picture {
  const plane = picture.height * picture.width;
  return { ...picture, data: picture.data.map((value, i) => limit(factor * value + (1 - factor) * other(i % plane))) };
}

const adjust: Record<Property, (picture: Picture, factor: number) => Picture> = {
  brightness: (picture, factor) => blend(picture, factor, () => 0),
  contrast: (picture, factor) => {
    const gray = grays(picture);
    const mean = gray.reduce((sum, value) => sum + value, 0) / gray.length;
    return blend(picture, factor, () => mean);
  },
  saturation: (picture, factor) => {
    if (picture.channels === 1) return picture;
    const gray = grays(picture);
    return blend(picture, factor, (i) => gray[i]!);
  },
  hue: (picture, turns) => {
    if (picture.channels === 1) return picture;
    const { height, width, data } = picture;
    const plane = height * width;
    return drawn(3, height, width, (c, y, x) => {
      const i = y * width + x;
      return shiftHue(data[i]!, data[plane + i]!, data[2 * plane + i]!, turns, c);
    });
  },
};

/** Channel c of a colour whose hue is rotated by this many turns. */
function shiftHue(r: number, g: number, b: number, turns: number, c: number): number {
  const value = Math.max(r, g, b);
  const chroma = value - Math.min(r, g, b);
  if (chroma === 0) return value;
  const sixth = value === r ? (g - b) / chroma : value === g ? 2 + (b - r) / chroma : 4 + (r - g) / chroma;
  const hue = sixth + 6 * turns;
  // Red decreases from hue 0, green from 2, blue from 4: f(n) with n = 5, 3, 1.
  const k = (((5 - 2 * c + hue) % 6) + 6) % 6;
  return value - chroma * limit(Math.min(k, 4 - k));
}

/** Images in folders that are named after their classes, as torchvision's ImageFolder. PNG and JPEG. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { ArgumentError, FormatError } from '../../bindings/errors.ts';
import type { Dataset } from '../data/dataset.ts';
import { Compose, type ImageLike, Transform } from '../data/transforms/index.ts';
import { scalarTensor } from '../ops/index.ts';
import { checkOptions } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { peer } from './peers.ts';

/** Options of `imageFolder`. */
export interface ImageFolderOptions {
  /** Applied to every image when it is asked for. Default: only what makes it a tensor. */
  transform?: Transform;
}

type Decoder = (bytes: Uint8Array) => ImageLike;

/** Pixels that an image may have. */
const MAX_PIXELS = 100_000_000;
const PNG_SIGNATURE = 0x89504e47;
/** Where a PNG's header has width and height, and where it ends. */
const PNG_WIDTH = 16;
const PNG_HEADER = 24;

/** Refuses a PNG whose header asks for more memory than an image may take, before it is decoded. */
function checkPngSize(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < PNG_HEADER || view.getUint32(0) !== PNG_SIGNATURE) throw new Error('not a PNG file');
  const pixels = view.getUint32(PNG_WIDTH) * view.getUint32(PNG_WIDTH + 4);
  if (pixels > MAX_PIXELS) throw new Error(`${pixels} pixels are more than ${MAX_PIXELS}`);
}

async function pngDecoder(): Promise<Decoder> {
  const { PNG } = await peer('imageFolder', 'pngjs', () => import('pngjs'));
  return (bytes) => {
    checkPngSize(bytes);
    return PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  };
}

async function jpegDecoder(): Promise<Decoder> {
  const { decode } = (await peer('imageFolder', 'jpeg-js', () => import('jpeg-js'))).default;
  return (bytes) => decode(bytes, { useTArray: true, maxResolutionInMP: MAX_PIXELS / 1e6 });
}

const DECODERS: Record<string, () => Promise<Decoder>> = {
  '.png': pngDecoder,
  '.jpg': jpegDecoder,
  '.jpeg': jpegDecoder,
};

/** Files with these endings in a folder and all below it, in order. */
function filesBelow(dir: string): string[] {
  const entries = readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return extname(path).toLowerCase() in DECODERS ? [path] : [];
  });
}

/** A data set of images [3, H, W] float32 in 0 … 1 and labels [] int32. Files are read when their example is asked for. */
export class ImageFolder implements Dataset<[image: Tensor, label: Tensor]> {
  /** @internal Made by `imageFolder`. */
  constructor(
    /** Names of the classes, in order: the folders. */
    readonly classes: readonly string[],
    /** The files and the numbers of their classes. */
    readonly samples: readonly { path: string; label: number }[],
    private readonly decoders: ReadonlyMap<string, Decoder>,
    private readonly transform: Transform,
  ) {}

  /** How many pictures there are. */
  get length(): number {
    return this.samples.length;
  }

  get(i: number): [image: Tensor, label: Tensor] {
    const sample = this.samples[i];
    if (sample === undefined) {
      throw new ArgumentError(`ImageFolder: example ${i} is out of range for ${this.length} examples`, {
        op: 'ImageFolder',
        argument: 'i',
        got: i,
      });
    }
    const { path, label } = sample;
    const bytes = readFileSync(path);
    let image: ImageLike;
    try {
      image = this.decoders.get(extname(path).toLowerCase())!(bytes);
    } catch (error) {
      throw new FormatError(`${path}: damaged image (${(error as Error).message})`, {
        op: 'imageFolder',
        argument: path,
      });
    }
    return [this.transform.forward(image), scalarTensor(label, 'int32')];
  }
}

/**
 * The images below a folder: `dir/cat/1.png` is of class cat. PNG needs the npm package pngjs, JPEG jpeg-js.
 *
 * @throws ArgumentError where the folder has no classes, a class has no images, or a package is not installed
 * @see https://pytorch.org/vision/stable/generated/torchvision.datasets.ImageFolder.html
 * @example
 * const { Compose, Resize } = data.transforms;
 * const set = await imageFolder('photos', { transform: new Resize([64, 64]) });
 * for (const [images, labels] of new data.DataLoader(set, { batchSize: 32, shuffle: true })) …
 */
export async function imageFolder(dir: string, options: ImageFolderOptions = {}): Promise<ImageFolder> {
  const op = 'imageFolder';
  checkOptions(op, options, ['transform']);
  const { transform = new Compose([]) } = options;
  if (!(transform instanceof Transform)) {
    throw new ArgumentError(`${op}: transform must be one of data.transforms`, {
      op,
      argument: 'transform',
      got: transform,
    });
  }
  const folders = existsSync(dir)
    ? readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    : [];
  const classes = folders.map((entry) => entry.name).sort();
  const samples = classes.flatMap((name, label) => filesBelow(join(dir, name)).map((path) => ({ path, label })));
  const empty = classes.find((_, label) => !samples.some((sample) => sample.label === label));
  if (classes.length === 0 || empty !== undefined) {
    const problem = empty === undefined ? `${dir} has no folders` : `${join(dir, empty)} has no PNG or JPEG files`;
    throw new ArgumentError(`${op}: ${problem}; expected one folder of images for each class`, {
      op,
      argument: 'dir',
      got: dir,
    });
  }
  const decoders = new Map<string, Decoder>();
  for (const extension of new Set(samples.map(({ path }) => extname(path).toLowerCase())))
    decoders.set(extension, await DECODERS[extension]!());
  return new ImageFolder(classes, samples, decoders, transform);
}

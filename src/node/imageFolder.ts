/** PNG and JPEG images in folders that are named after their classes, as in torchvision's ImageFolder. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { isInstance } from '../copies.ts';
import type { Dataset } from '../data/dataset.ts';
import { Compose, type ImageLike, Transform } from '../data/transforms/index.ts';
import { scalarTensor } from '../ops/index.ts';
import { checkOptions, checkRange, checkWhole, noMore, VALUE } from '../options.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { ImageDecoder, kindOf } from './images.ts';

/** Options of `imageFolder`. */
export interface ImageFolderOptions {
  /** Applied to every image when it is asked for. Default: images only become tensors. */
  transform?: Transform;
  /** Worker threads that decode images ahead, for `DataLoader` and `Trainer`. Default 1. */
  workers?: number;
  /**
   * Elements (3 per pixel) that a picture may have. Default: 1024 for each byte of its file plus 2^24, at most 300 million;
   * photographs have less than 200 for each byte.
   */
  maxElements?: number;
}

/** The images in a folder and in all folders below it, in order. */
function filesBelow(dir: string): string[] {
  const entries = readdirSync(dir, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return kindOf(path) === undefined ? [] : [path];
  });
}

/** A data set of images [3, H, W] float32 in 0 … 1 and labels [] int32. Files are read when their example is asked for. */
export class ImageFolder implements Dataset<[image: Tensor, label: Tensor]> {
  /** @internal Made by `imageFolder`. */
  constructor(
    /** Names of the classes, which are those of the folders, in order. */
    readonly classes: readonly string[],
    /** The files and the numbers of their classes. */
    readonly samples: readonly {
      /** The path of the file. */
      path: string;
      /** The number of its class, an index of `classes`. */
      label: number;
    }[],
    private readonly decoder: ImageDecoder,
    private readonly transform: Transform,
  ) {}

  /** The number of pictures. */
  get length(): number {
    return this.samples.length;
  }

  private sample(i: number): { path: string; label: number } {
    const sample = this.samples[i];
    if (sample !== undefined) return sample;
    refuse(ArgumentError, 'ImageFolder', `example ${i} is out of range for ${this.length} examples`, {
      argument: 'i',
      got: i,
    });
  }

  private example(image: ImageLike, label: number): [image: Tensor, label: Tensor] {
    return [this.transform.forward(image), scalarTensor(label, 'int32')];
  }

  get(i: number): [image: Tensor, label: Tensor] {
    if (arguments.length > 1) noMore('ImageFolder.get', 1, arguments);
    const { path, label } = this.sample(i);
    return this.example(this.decoder.decode(path, readFileSync(path)), label);
  }

  /**
   * Reads and decodes an image before it is needed; the transform follows when it is needed. If pictures of 67 million elements are
   * waiting already, the image is decoded only then.
   */
  async prepare(i: number): Promise<() => [image: Tensor, label: Tensor]> {
    if (arguments.length > 1) noMore('ImageFolder.prepare', 1, arguments);
    const { path, label } = this.sample(i);
    const image = await this.decoder.decodeAhead(path, await readFile(path));
    return () => this.example(image(), label);
  }
}

/**
 * The images below a folder: `dir/cat/1.png` is of class cat. PNG needs the npm package pngjs, JPEG needs jpeg-js.
 *
 * @throws ArgumentError if the folder has no classes, a class has no images, or a package is not installed. Examples throw
 * FormatError if a file is damaged or has more pixels than `maxElements` allows
 * @see https://pytorch.org/vision/stable/generated/torchvision.datasets.ImageFolder.html
 * @example
 * const { Resize } = data.transforms;
 * const set = await imageFolder('photos', { transform: new Resize([64, 64]) });
 * const loader = new data.DataLoader(set, { batchSize: 32, shuffle: true });
 * for await (const [images, labels] of loader) console.log(images.shape, labels.shape);
 */
export async function imageFolder(dir: string, options: ImageFolderOptions = {}): Promise<ImageFolder> {
  if (arguments.length > 2) noMore('imageFolder', 2, arguments);
  const op = 'imageFolder';
  checkOptions(op, options, { transform: VALUE, workers: VALUE, maxElements: VALUE });
  const { transform = new Compose([]), workers = 1, maxElements } = options;
  checkWhole(op, 'workers', workers);
  if (maxElements !== undefined) checkRange(op, 'maxElements', maxElements, 0);
  if (!isInstance(transform, Transform)) {
    refuse(ArgumentError, op, 'transform must be one of data.transforms', { argument: 'transform', got: transform });
  }
  const folders = existsSync(dir)
    ? readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    : [];
  const classes = folders.map((entry) => entry.name).sort();
  const samples = classes.flatMap((name, label) => filesBelow(join(dir, name)).map((path) => ({ path, label })));
  const empty = classes.find((_, label) => !samples.some((sample) => sample.label === label));
  if (classes.length === 0 || empty !== undefined) {
    const problem = empty === undefined ? `${dir} has no folders` : `${join(dir, empty)} has no PNG or JPEG files`;
    refuse(ArgumentError, op, `${problem}; expected one folder of images for each class`, {
      argument: 'dir',
      got: dir,
    });
  }
  const decoder = await ImageDecoder.for(
    samples.map(({ path }) => path),
    workers,
    maxElements,
  );
  return new ImageFolder(classes, samples, decoder, transform);
}

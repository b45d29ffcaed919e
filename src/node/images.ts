/**
 * PNG and JPEG files as pixels, decoded here or in worker threads. A picture that asks for more memory than its bytes can need is
 * refused. Pictures that are decoded ahead are bounded: further ones are decoded when they are needed.
 */
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { FormatError, refuse, SarafError } from '../../bindings/errors.ts';
import type { ImageLike } from '../data/transforms/index.ts';
import { limitOf, tooMuch } from '../tensor/budget.ts';
import { peer } from './peers.ts';
import { type Kind, pixelsOf } from './pictureSize.ts';

type Decoder = (bytes: Uint8Array, pixels: number) => ImageLike;

const KINDS: Record<string, Kind> = { '.png': 'png', '.jpg': 'jpeg', '.jpeg': 'jpeg' };
const PACKAGES = { png: 'pngjs', jpeg: 'jpeg-js' } as const;

/** The kind of an image file by its name, or undefined if it is not an image. */
export function kindOf(path: string): Kind | undefined {
  const ending = extname(path).toLowerCase();
  return Object.hasOwn(KINDS, ending) ? KINDS[ending] : undefined;
}

/** Elements of a pixel: red, green, blue. */
const CHANNELS = 3;
/** Elements that a picture may have: for each byte of its file, in addition, and at most. */
const ELEMENTS_A_BYTE = 1024;
const FREE_ELEMENTS = 2 ** 24;
const MOST_ELEMENTS = CHANNELS * 100_000_000;
/** Memory that jpeg-js may take, per pixel and in addition. */
const JPEG_BYTES_A_PIXEL = 40;
const JPEG_BASE_MB = 8;

/** The most elements of pictures that are decoded ahead, in all folders together. */
const MOST_AHEAD = 2 ** 26;
let ahead = 0;
/** Subtracts the elements of pictures that are never asked for. */
const forgotten = new FinalizationRegistry<number>((elements) => {
  ahead -= elements;
});

interface JpegLimits {
  useTArray: true;
  maxResolutionInMP: number;
  maxMemoryUsageInMB: number;
}

function jpegLimits(pixels: number): JpegLimits {
  return {
    useTArray: true,
    maxResolutionInMP: pixels / 1e6,
    maxMemoryUsageInMB: JPEG_BASE_MB + (JPEG_BYTES_A_PIXEL * pixels) / 2 ** 20,
  };
}

const DECODERS: Record<Kind, () => Promise<Decoder>> = {
  async png() {
    const { PNG } = await peer('imageFolder', PACKAGES.png, () => import('pngjs'));
    return (bytes) => PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  },
  async jpeg() {
    const { decode } = (await peer('imageFolder', PACKAGES.jpeg, () => import('jpeg-js'))).default;
    return (bytes, pixels) => decode(bytes, jpegLimits(pixels));
  },
};

/** The program of a worker: it takes bytes, and gives pixels or the text of an error. */
const PROGRAM = `
const builtin = process.getBuiltinModule;
const { parentPort, workerData } = builtin('node:worker_threads');
const require = builtin('node:module').createRequire(workerData);
parentPort.on('message', ({ id, name, bytes, limits }) => {
  try {
    const lib = require(name);
    const { width, height, data } = limits === null ? lib.PNG.sync.read(Buffer.from(bytes.buffer)) : lib.decode(bytes, limits);
    const pixels = new Uint8Array(data);
    parentPort.postMessage({ id, image: { width, height, data: pixels } }, [pixels.buffer]);
  } catch (error) {
    parentPort.postMessage({ id, error: String(error && error.message) });
  }
});
`;

type Answer = { id: number; image: ImageLike } | { id: number; error: string };

/** A worker that keeps the process alive only while it has work. */
class DecodeWorker {
  private readonly worker = new Worker(PROGRAM, { eval: true, workerData: import.meta.url, name: 'saraf-images' });
  private readonly waiting = new Map<number, { resolve(image: ImageLike): void; reject(error: Error): void }>();
  private count = 0;

  constructor() {
    this.worker.unref();
    this.worker.on('message', (answer: Answer) => {
      const task = this.take(answer.id);
      if ('error' in answer) task?.reject(new Error(answer.error));
      else task?.resolve(answer.image);
    });
    const end = (error: unknown) => {
      if (workers.includes(this)) workers.splice(workers.indexOf(this), 1);
      for (const id of [...this.waiting.keys()])
        this.take(id)?.reject(new Error(`the worker ended (${String(error)})`));
    };
    this.worker.on('error', end);
    this.worker.on('exit', end);
  }

  /** The number of images that it still has to decode. */
  get load(): number {
    return this.waiting.size;
  }

  private take(id: number) {
    const task = this.waiting.get(id);
    this.waiting.delete(id);
    if (this.waiting.size === 0) this.worker.unref();
    return task;
  }

  decode(kind: Kind, bytes: Uint8Array, pixels: number): Promise<ImageLike> {
    // Not slice, which shares the memory of a Buffer.
    const own = new Uint8Array(bytes);
    return new Promise((resolve, reject) => {
      const id = this.count++;
      this.waiting.set(id, { resolve, reject });
      this.worker.ref();
      const limits = kind === 'jpeg' ? jpegLimits(pixels) : null;
      this.worker.postMessage({ id, name: PACKAGES[kind], bytes: own, limits }, [own.buffer]);
    });
  }
}

/** The workers, which all folders share. */
const workers: DecodeWorker[] = [];

/** The worker with the least to do among the first `most`; a new one if all are busy and there are fewer. */
function idlest(most: number): DecodeWorker {
  const [first, ...others] = workers.slice(0, most);
  if (first !== undefined) {
    const best = others.reduce((a, b) => (b.load < a.load ? b : a), first);
    if (best.load === 0 || workers.length >= most) return best;
  }
  const worker = new DecodeWorker();
  workers.push(worker);
  return worker;
}

/** Decodes images of some kinds. */
export class ImageDecoder {
  private constructor(
    private readonly decoders: ReadonlyMap<Kind, Decoder>,
    private readonly maxWorkers: number,
    private readonly maxElements: number | undefined,
  ) {}

  /** @throws ArgumentError if a package is missing */
  static async for(paths: readonly string[], workers: number, maxElements: number | undefined): Promise<ImageDecoder> {
    const decoders = new Map<Kind, Decoder>();
    for (const kind of new Set(paths.flatMap((path) => kindOf(path) ?? []))) decoders.set(kind, await DECODERS[kind]());
    return new ImageDecoder(decoders, workersCanLoad([...decoders.keys()]) ? workers : 0, maxElements);
  }

  /** The number of pixels of a file; too many are refused. */
  private pixels(path: string, kind: Kind, bytes: Uint8Array): number {
    const most = Math.min(MOST_ELEMENTS, FREE_ELEMENTS + ELEMENTS_A_BYTE * bytes.length);
    return pixelsOf(kind, bytes, (pixels) => {
      const limit = limitOf('imageFolder', this.maxElements, most, () => `${path}: ${CHANNELS}×${pixels} pixels are`);
      if (CHANNELS * pixels > limit.elements) throw tooMuch(limit);
    });
  }

  /** The pixels in the bytes of a file, decoded at once. */
  decode(path: string, bytes: Uint8Array): ImageLike {
    try {
      const kind = kindOf(path)!;
      return this.decoders.get(kind)!(bytes, this.pixels(path, kind, bytes));
    } catch (error) {
      return damaged(path, error);
    }
  }

  /** A function that gives the pixels: a worker decodes them in advance, or, if too many pictures are waiting, the function does. */
  async decodeAhead(path: string, bytes: Uint8Array): Promise<() => ImageLike> {
    if (this.maxWorkers === 0) return () => this.decode(path, bytes);
    let elements = 0;
    try {
      const kind = kindOf(path)!;
      const pixels = this.pixels(path, kind, bytes);
      if (ahead + CHANNELS * pixels > MOST_AHEAD) return () => this.decode(path, bytes);
      elements = CHANNELS * pixels;
      ahead += elements;
      const image = await idlest(this.maxWorkers).decode(kind, bytes, pixels);
      return waiting(image, elements);
    } catch (error) {
      ahead -= elements;
      return damaged(path, error);
    }
  }
}

/** A function that gives a picture which was decoded ahead. */
function waiting(image: ImageLike, elements: number): () => ImageLike {
  let isWaiting = true;
  const take = () => {
    if (isWaiting) ahead -= elements;
    isWaiting = false;
    forgotten.unregister(take);
    return image;
  };
  forgotten.register(take, elements, take);
  return take;
}

/** Throws that a file is damaged, or an error that says more. */
function damaged(path: string, error: unknown): never {
  if (error instanceof SarafError) throw error;
  refuse(FormatError, 'imageFolder', `${path}: damaged image (${(error as Error).message})`, { argument: path });
}

/** Whether a worker finds the packages that this module finds. */
function workersCanLoad(kinds: readonly Kind[]): boolean {
  try {
    const { resolve } = createRequire(import.meta.url);
    return kinds.every((kind) => resolve(PACKAGES[kind]) !== '') && typeof process.getBuiltinModule === 'function';
  } catch {
    return false;
  }
}

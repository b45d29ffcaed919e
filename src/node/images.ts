/** PNG and JPEG files as pixels, here or in worker threads. What asks for more memory than its bytes can mean is refused. */
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { FormatError } from '../../bindings/errors.ts';
import type { ImageLike } from '../data/transforms/index.ts';
import { peer } from './peers.ts';

type Kind = 'png' | 'jpeg';
type Decoder = (bytes: Uint8Array) => ImageLike;

const KINDS: Record<string, Kind> = { '.png': 'png', '.jpg': 'jpeg', '.jpeg': 'jpeg' };
const PACKAGES = { png: 'pngjs', jpeg: 'jpeg-js' } as const;

/** The kind of an image file by its name, or undefined where it is none. */
export function kindOf(path: string): Kind | undefined {
  const ending = extname(path).toLowerCase();
  return Object.hasOwn(KINDS, ending) ? KINDS[ending] : undefined;
}

/** Pixels that an image may have. */
const MAX_PIXELS = 100_000_000;
const PNG_SIGNATURE = 0x89504e47;
/** Where a PNG's header has width, height, bits and colour type, and where it ends. */
const PNG_WIDTH = 16;
const PNG_BITS = 24;
const PNG_HEADER = 26;
/** Channels by colour type. */
const PNG_CHANNELS: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Bytes that one byte of deflate can become at most, rounded up. */
const MOST_INFLATED = 1040;
/** Pixels for a byte of JPEG: a block of 8×8 takes one bit or more; twice that, for scans that leave blocks out. */
const JPEG_PIXELS_A_BYTE = 1024;
/** Memory that jpeg-js may take, for a pixel and besides. */
const JPEG_BYTES_A_PIXEL = 32;
const JPEG_BASE_MB = 8;
const JPEG_MOST_MB = 4096;

/** Refuses a PNG whose header asks for more than its bytes can hold, before it is decoded. */
function checkPng(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < PNG_HEADER || view.getUint32(0) !== PNG_SIGNATURE) throw new Error('not a PNG file');
  const [width, height] = [view.getUint32(PNG_WIDTH), view.getUint32(PNG_WIDTH + 4)];
  if (width * height > MAX_PIXELS) throw new Error(`${width * height} pixels are more than ${MAX_PIXELS}`);
  const bits = bytes[PNG_BITS]! * (PNG_CHANNELS[bytes[PNG_BITS + 1]!] ?? 1);
  if ((width * height * bits) / 8 > MOST_INFLATED * bytes.length)
    throw new Error(`${width}×${height} pixels do not fit into ${bytes.length} bytes`);
}

interface JpegLimits {
  useTArray: true;
  maxResolutionInMP: number;
  maxMemoryUsageInMB: number;
}

function jpegLimits({ length }: Uint8Array): JpegLimits {
  const pixels = Math.min(MAX_PIXELS, JPEG_PIXELS_A_BYTE * length);
  return {
    useTArray: true,
    maxResolutionInMP: pixels / 1e6,
    maxMemoryUsageInMB: Math.min(JPEG_MOST_MB, JPEG_BASE_MB + (JPEG_BYTES_A_PIXEL * pixels) / 2 ** 20),
  };
}

const DECODERS: Record<Kind, () => Promise<Decoder>> = {
  async png() {
    const { PNG } = await peer('imageFolder', PACKAGES.png, () => import('pngjs'));
    return (bytes) => {
      checkPng(bytes);
      return PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    };
  },
  async jpeg() {
    const { decode } = (await peer('imageFolder', PACKAGES.jpeg, () => import('jpeg-js'))).default;
    return (bytes) => decode(bytes, jpegLimits(bytes));
  },
};

/** What a worker does: takes bytes, gives pixels or the text of an error. */
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

  /** How many images it has still to decode. */
  get load(): number {
    return this.waiting.size;
  }

  private take(id: number) {
    const task = this.waiting.get(id);
    this.waiting.delete(id);
    if (this.waiting.size === 0) this.worker.unref();
    return task;
  }

  decode(kind: Kind, bytes: Uint8Array): Promise<ImageLike> {
    // Not slice: that of a Buffer shares its memory.
    const own = new Uint8Array(bytes);
    return new Promise((resolve, reject) => {
      const id = this.count++;
      this.waiting.set(id, { resolve, reject });
      this.worker.ref();
      const limits = kind === 'jpeg' ? jpegLimits(own) : null;
      this.worker.postMessage({ id, name: PACKAGES[kind], bytes: own, limits }, [own.buffer]);
    });
  }
}

/** The workers of all folders, so that many folders need no more than one. */
const workers: DecodeWorker[] = [];

/** The worker with the least to do, of the first so many; a new one where all have something and there are fewer. */
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
  ) {}

  /** @throws ArgumentError where a package is missing */
  static async for(paths: readonly string[], workers: number): Promise<ImageDecoder> {
    const decoders = new Map<Kind, Decoder>();
    for (const kind of new Set(paths.map((path) => kindOf(path)!))) decoders.set(kind, await DECODERS[kind]());
    return new ImageDecoder(decoders, workersCanLoad([...decoders.keys()]) ? workers : 0);
  }

  /** The pixels of a file's bytes, now. */
  decode(path: string, bytes: Uint8Array): ImageLike {
    try {
      return this.decoders.get(kindOf(path)!)!(bytes);
    } catch (error) {
      throw damaged(path, error);
    }
  }

  /** The same by a worker. */
  async decodeAhead(path: string, bytes: Uint8Array): Promise<ImageLike> {
    if (this.maxWorkers === 0) return this.decode(path, bytes);
    const kind = kindOf(path)!;
    try {
      if (kind === 'png') checkPng(bytes);
      return await idlest(this.maxWorkers).decode(kind, bytes);
    } catch (error) {
      throw damaged(path, error);
    }
  }
}

function damaged(path: string, error: unknown): FormatError {
  return new FormatError(`${path}: damaged image (${(error as Error).message})`, { op: 'imageFolder', argument: path });
}

/** Whether a worker finds the packages where this module does. */
function workersCanLoad(kinds: readonly Kind[]): boolean {
  try {
    const { resolve } = createRequire(import.meta.url);
    return kinds.every((kind) => resolve(PACKAGES[kind]) !== '') && typeof process.getBuiltinModule === 'function';
  } catch {
    return false;
  }
}

/**
 * Kernels that the user provides instead of the inlined ones: for hosts that do not compile bytes, and for pages whose
 * Content Security Policy or cache needs a file. They must come from this version of saraf.
 */
import { ArgumentError, refuse } from '../errors.ts';
import { TABLE_HASH } from '../generated/encode.ts';
import { isArrayBuffer, isURL, isWasmModule } from '../realm.ts';
import type { Variant } from './probe.ts';
import { sharedModuleBytes } from './shared.ts';
import { builtin } from './worker.ts';

/** The kernels as bytes, as a module, or where to load the bytes from. */
export type WasmSource = BufferSource | WebAssembly.Module | URL;

interface Signature {
  isRelaxed(): number;
  tableHash(): number;
}

export class GivenKernels {
  readonly variant: Variant;
  /** Null where a module was given: its memory cannot be changed to a shared one. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
  private readonly unshared: WebAssembly.Module;

  constructor(readonly source: Exclude<WasmSource, URL>) {
    if (typeof WebAssembly === 'undefined')
      refuse(ArgumentError, 'init', 'wasm cannot be used: this runtime has no WebAssembly', {
        argument: 'wasm',
        got: source,
      });
    if (isWasmModule(source)) {
      this.bytes = null;
      this.unshared = source;
    } else {
      this.bytes = copyOf(source);
      this.unshared = compile(this.bytes);
    }
    this.variant = inspect(this.unshared);
  }

  compile(shared: boolean): WebAssembly.Module {
    return shared && this.bytes !== null ? compile(sharedModuleBytes(this.bytes)) : this.unshared;
  }
}

function copyOf(source: unknown): Uint8Array<ArrayBuffer> {
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice();
  if (isArrayBuffer(source)) return new Uint8Array(source.slice());
  return refuse(ArgumentError, 'init', `wasm must be bytes, a WebAssembly.Module or a URL, got ${String(source)}`, {
    argument: 'wasm',
    got: source,
  });
}

function compile(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes);
  } catch (error) {
    return refuse(ArgumentError, 'init', `wasm cannot be compiled (${error})`, { argument: 'wasm', got: bytes });
  }
}

/** Runs the kernels far enough to see that they are saraf's, and which variant. */
function inspect(module: WebAssembly.Module): Variant {
  let signature: Partial<Signature>;
  try {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
    signature = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Partial<Signature>;
  } catch (error) {
    return refuse(ArgumentError, 'init', `wasm is not a module of saraf's kernels (${error})`, {
      argument: 'wasm',
      got: module,
    });
  }
  if (signature.tableHash === undefined || signature.isRelaxed === undefined) {
    return refuse(ArgumentError, 'init', "wasm is not a module of this version's kernels", {
      argument: 'wasm',
      got: module,
    });
  }
  if (signature.tableHash() >>> 0 !== TABLE_HASH)
    refuse(ArgumentError, 'init', 'wasm holds the kernels of another version of saraf', {
      argument: 'wasm',
      got: module,
    });
  return signature.isRelaxed() ? 'relaxed' : 'plain';
}

/** The bytes behind a URL; anything else unchanged. */
export async function loadWasm(source: WasmSource): Promise<Exclude<WasmSource, URL>> {
  if (source === null)
    refuse(ArgumentError, 'init', 'wasm must be bytes, a WebAssembly.Module or a URL, got null', {
      argument: 'wasm',
      got: source,
    });
  if (!isURL(source)) return source;
  try {
    return await (source.protocol === 'file:' ? readLocal(source) : download(source));
  } catch (error) {
    return refuse(ArgumentError, 'init', `wasm could not be loaded from ${source} (${error})`, {
      argument: 'wasm',
      got: source,
    });
  }
}

async function download(url: URL): Promise<ArrayBuffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  return response.arrayBuffer();
}

interface NodeFiles {
  promises: { readFile(url: URL): Promise<Uint8Array<ArrayBuffer>> };
}

async function readLocal(url: URL): Promise<Uint8Array<ArrayBuffer> | ArrayBuffer> {
  const files = builtin<NodeFiles>('node:fs');
  return files === undefined ? download(url) : files.promises.readFile(url);
}

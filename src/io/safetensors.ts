/**
 * The safetensors format: the length of the header (64 bits, little-endian), the header (JSON: type, shape and position of each
 * tensor), the elements. A file is checked as a whole before a tensor is made from it.
 *
 * @see https://github.com/huggingface/safetensors#format
 */
import { ArgumentError, DeviceError, FormatError, refuse, SarafError } from '../../bindings/errors.ts';
import type { DType, NumericArray } from '../../bindings/executor.ts';
import { decodeText, encodeText } from '../../bindings/host.ts';
import { isUint8Array } from '../../bindings/realm.ts';
import type { StateDict } from '../nn/module.ts';
import { compose, tensor } from '../ops/index.ts';
import { checkOptions, noMore, VALUE } from '../options.ts';
import { charge, type Limit, limitOf, withBudget } from '../tensor/budget.ts';
import { isTensor } from '../tensor/tensor.ts';
import { isCount, isObject, outline } from './json.ts';

/** An element type of the format: its bytes, the dtype that it becomes, and how an element is read. */
interface Kind {
  bytes: number;
  dtype: DType;
  read(view: DataView, at: number): number;
}

const float32 = 'float32' as const;
const int32 = 'int32' as const;

const KINDS = new Map<unknown, Kind>([
  ['F64', { bytes: 8, dtype: float32, read: (view, at) => view.getFloat64(at, true) }],
  ['F32', { bytes: 4, dtype: float32, read: (view, at) => view.getFloat32(at, true) }],
  ['F16', { bytes: 2, dtype: float32, read: (view, at) => half(view.getUint16(at, true)) }],
  ['BF16', { bytes: 2, dtype: float32, read: (view, at) => brain(view.getUint16(at, true)) }],
  // Exact up to 2^53; what does not fit into 32 bits is refused later.
  ['I64', { bytes: 8, dtype: int32, read: (view, at) => Number(view.getBigInt64(at, true)) }],
  ['I32', { bytes: 4, dtype: int32, read: (view, at) => view.getInt32(at, true) }],
  ['I16', { bytes: 2, dtype: int32, read: (view, at) => view.getInt16(at, true) }],
  ['I8', { bytes: 1, dtype: int32, read: (view, at) => view.getInt8(at) }],
  ['U8', { bytes: 1, dtype: int32, read: (view, at) => view.getUint8(at) }],
  ['BOOL', { bytes: 1, dtype: 'bool', read: (view, at) => Number(view.getUint8(at) !== 0) }],
]);

/** The format's names of the element types that are written. */
const WRITTEN: Partial<Record<DType, string>> = { float32: 'F32', int32: 'I32', bool: 'BOOL' };

/** Bytes of the header's length. */
const PREFIX = 8;
/** Longest header, as in the format's own reader. */
const MAX_HEADER = 100_000_000;
/** The nesting of a header: the header itself, an entry, a list of sizes. */
const MAX_DEPTH = 3;
const METADATA = '__metadata__';
/** The cost of a tensor in JavaScript, in elements, in addition to its own elements. */
const TENSOR_COST = 200;
/** Elements that a file may ask for: for each of its bytes, and in addition, because small tensors take more in memory than in the file. */
const ELEMENTS_A_BYTE = 2;
const FREE_ELEMENTS = 2 ** 20;

/** A 16-bit float: 1 bit of sign, 5 of exponent, 10 of fraction. */
export function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const word = new DataView(new ArrayBuffer(4));

/** A 16-bit float that is the upper half of a float32. */
export function brain(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}

/** Where a tensor is in a file. */
interface Entry {
  name: string;
  kind: Kind;
  shape: number[];
  begin: number;
  end: number;
}

interface Header {
  entries: Entry[];
  metadata: Record<string, string>;
  /** Where the elements begin. */
  start: number;
}

function fail(message: string, argument = 'bytes'): never {
  refuse(FormatError, 'loadSafetensors', message, { argument });
}

/** The beginning of a value, for messages. */
const shown = (value: unknown): string => String(JSON.stringify(value)).slice(0, 200);

function parseEntry(name: string, value: unknown): Entry {
  if (!isObject(value)) return fail(`${name}: expected { dtype, shape, data_offsets }`, name);
  const { dtype, shape, data_offsets: offsets } = value;
  const kind = KINDS.get(dtype);
  if (kind === undefined) {
    return fail(
      `${name}: element type ${shown(dtype)} is not supported (known: ${[...KINDS.keys()].join(', ')})`,
      name,
    );
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    return fail(`${name}: shape must be a list of sizes, got ${shown(shape)}`, name);
  }
  const places: unknown[] = Array.isArray(offsets) ? offsets : [];
  const [begin, end, ...rest] = places;
  if (!isCount(begin) || !isCount(end) || begin > end || rest.length > 0) {
    return fail(`${name}: data_offsets must be [begin, end], got ${shown(offsets)}`, name);
  }
  charge(TENSOR_COST);
  const wanted = shape.reduce((size, length) => size * length, kind.bytes);
  if (end - begin !== wanted) {
    return fail(
      `${name}: ${dtype} of shape [${shape.join(',')}] needs ${wanted} bytes, data_offsets give ${end - begin}`,
      name,
    );
  }
  return { name, kind, shape, begin, end };
}

function isTexts(value: unknown): value is Record<string, string> {
  return isObject(value) && Object.values(value).every((text) => typeof text === 'string');
}

function parseMetadata(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  return isTexts(value) ? value : fail(`${METADATA} must map texts to texts`, METADATA);
}

/** Options of `loadSafetensors` and `safetensorsMetadata`. */
export interface LoadSafetensorsOptions {
  /**
   * Elements that the file may ask for; each tensor counts as about 200 in addition to its own. Default: 2 for each byte of the file
   * plus 2^20, which files with tensors of a few hundred elements never reach.
   */
  maxElements?: number;
}

/** @throws ArgumentError if `bytes` is not an array of bytes */
export function limitFor(op: string, bytes: Uint8Array, options: LoadSafetensorsOptions): Limit {
  if (!isUint8Array(bytes)) refuse(ArgumentError, op, 'expected a Uint8Array', { argument: 'bytes', got: bytes });
  checkOptions(op, options, { maxElements: VALUE });
  return limitOf(op, options.maxElements, ELEMENTS_A_BYTE * bytes.length + FREE_ELEMENTS);
}

/** Reads and checks the header against the size of the file. */
function parseHeader(bytes: Uint8Array): Header {
  if (bytes.length < PREFIX) fail(`${bytes.length} bytes are too few for a header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > MAX_HEADER || length > bytes.length - PREFIX) {
    fail(`a header of ${length} bytes does not fit into a file of ${bytes.length}`);
  }
  let header: unknown;
  let names: string[] = [];
  try {
    const text = decodeText(bytes.subarray(PREFIX, PREFIX + length), true);
    names = outline(text, MAX_DEPTH);
    header = JSON.parse(text);
  } catch (error) {
    if (error instanceof SarafError) throw error;
    return fail(`the header is not JSON (${(error as Error).message})`);
  }
  if (!isObject(header)) return fail('the header is not an object');
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) fail(`${name} appears twice`, name);
    seen.add(name);
  }
  const { [METADATA]: metadata, ...tensors } = header;
  const entries = Object.entries(tensors).map(([name, value]) => parseEntry(name, value));
  let next = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== next)
      fail(`${name} begins at byte ${begin}, expected ${next}: tensors must not overlap or leave gaps`, name);
    next = end;
  }
  const size = bytes.length - PREFIX - length;
  if (next !== size) fail(`the tensors take ${next} bytes, the file has ${size}`);
  return { entries, metadata: parseMetadata(metadata), start: PREFIX + length };
}

/** The elements of a tensor, in the dtype that it becomes. */
function readValues(bytes: Uint8Array, start: number, { name, kind, begin, end }: Entry): Float32Array | Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start + begin, end - begin);
  const count = (end - begin) / kind.bytes;
  const values = kind.dtype === 'float32' ? new Float32Array(count) : new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const value = kind.read(view, i * kind.bytes);
    if (kind.dtype === 'int32' && value !== (value | 0)) fail(`${name}: ${value} does not fit into int32`, name);
    values[i] = value;
  }
  return values;
}

/** A file whose header has been read: its texts, and a function that makes its tensors. */
export interface SafetensorsFile {
  metadata: Record<string, string>;
  load(): StateDict;
}

/** Reads the header; `load` makes the tensors, within the same budget. */
export function openSafetensors(bytes: Uint8Array): SafetensorsFile {
  const { entries, metadata, start } = parseHeader(bytes);
  const load = () =>
    compose(() =>
      Object.fromEntries(
        entries.map((entry) => [
          entry.name,
          tensor(readValues(bytes, start, entry), { shape: entry.shape, dtype: entry.kind.dtype }),
        ]),
      ),
    );
  return { metadata, load };
}

/**
 * The tensors of a safetensors file, as `loadStateDict` takes them. F16, BF16 and F64 become float32, whole numbers int32.
 *
 * @throws FormatError if the file is damaged, a value does not fit, or it asks for more than `maxElements`
 * @example
 * model.loadStateDict(loadSafetensors(saveSafetensors(model.stateDict())));
 */
export function loadSafetensors(bytes: Uint8Array, options: LoadSafetensorsOptions = {}): StateDict {
  if (arguments.length > 2) noMore('loadSafetensors', 2, arguments);
  return withBudget(limitFor('loadSafetensors', bytes, options), () => openSafetensors(bytes).load());
}

/**
 * The texts that a safetensors file holds in addition to its tensors.
 *
 * @throws FormatError if the file is damaged, or its header asks for more than `maxElements`
 * @example
 * safetensorsMetadata(saveSafetensors({ a: zeros(2) }, { source: 'iris' })); // {'source': 'iris'}
 */
export function safetensorsMetadata(bytes: Uint8Array, options: LoadSafetensorsOptions = {}): Record<string, string> {
  if (arguments.length > 2) noMore('safetensorsMetadata', 2, arguments);
  return withBudget(limitFor('safetensorsMetadata', bytes, options), () => parseHeader(bytes).metadata);
}

/** The bytes of elements; a bool is one byte. */
function bytesOf(values: NumericArray): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/**
 * A safetensors file: float32 as F32, int32 as I32, bool as BOOL.
 *
 * @param metadata texts to store in addition to the tensors
 * @example
 * const bytes = saveSafetensors(model.stateDict(), { source: 'iris' });
 */
export function saveSafetensors(state: StateDict, metadata?: Readonly<Record<string, string>>): Uint8Array {
  if (arguments.length > 2) noMore('saveSafetensors', 2, arguments);
  const op = 'saveSafetensors';
  const { bytes, places } = layOut(op, state, metadata);
  for (const [name, { executor, device }] of Object.entries(state)) {
    if (executor.download === undefined) continue;
    refuse(DeviceError, op, `${name} is on ${device}, whose values can be read only asynchronously: await ${op}Async`, {
      argument: name,
      got: device,
    });
  }
  for (const { value, at } of places) bytes.set(bytesOf(value.dataSync()), at);
  return bytes;
}

/**
 * Like `saveSafetensors`, for tensors on any device. The file holds the values at the time of the call.
 *
 * @example
 * const bytes = await saveSafetensorsAsync(model.stateDict());
 */
export async function saveSafetensorsAsync(
  state: StateDict,
  metadata?: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  if (arguments.length > 2) noMore('saveSafetensorsAsync', 2, arguments);
  const { bytes, places } = layOut('saveSafetensorsAsync', state, metadata);
  await Promise.all(places.map(async ({ value, at }) => bytes.set(bytesOf(await value.data()), at)));
  return bytes;
}

/** A file without its elements, and the position of each tensor's elements. */
function layOut(op: string, state: StateDict, metadata: Readonly<Record<string, string>> | undefined) {
  for (const [name, value] of Object.entries(state ?? {})) {
    if (!isTensor(value) || WRITTEN[value.dtype] === undefined || name === METADATA) {
      refuse(ArgumentError, op, `${name} must be a tensor of float32, int32 or bool`, { argument: name, got: value });
    }
  }
  for (const [name, value] of Object.entries(metadata ?? {})) {
    if (typeof value !== 'string')
      refuse(ArgumentError, op, `metadata.${name} must be a text, got ${typeof value}`, {
        argument: 'metadata',
        got: value,
      });
  }
  // Bools last, so that everything else is at multiples of its size.
  const entries = Object.entries(state).sort(([, a], [, b]) => Number(a.dtype === 'bool') - Number(b.dtype === 'bool'));
  let offset = 0;
  const laid = entries.map(([name, value]) => {
    const begin = offset;
    offset += value.numel * (value.dtype === 'bool' ? 1 : 4);
    return { name, value, begin, end: offset };
  });
  const described = laid.map(({ name, value: { dtype, shape }, begin, end }) => [
    name,
    { dtype: WRITTEN[dtype], shape, data_offsets: [begin, end] },
  ]);
  const fields = metadata === undefined ? described : [[METADATA, metadata], ...described];
  const text = encodeText(JSON.stringify(Object.fromEntries(fields)));
  const length = Math.ceil(text.length / PREFIX) * PREFIX;
  const bytes = new Uint8Array(PREFIX + length + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.fill(' '.charCodeAt(0), PREFIX, PREFIX + length);
  bytes.set(text, PREFIX);
  const start = PREFIX + length;
  return { bytes, places: laid.map(({ value, begin }) => ({ value, at: start + begin })) };
}

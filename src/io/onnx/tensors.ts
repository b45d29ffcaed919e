/** ONNX's element types, and the tensors of a file as numbers. Sizes and data are checked against each other before anything is allocated. */

import { MAX_DIMS } from '../../../bindings/commands/limits.ts';
import { FormatError, refuse } from '../../../bindings/errors.ts';
import type { DType, NumericArray } from '../../../bindings/executor.ts';
import { brain, half } from '../safetensors.ts';
import type { TensorProto, Written } from './wire.ts';

/** Numbers of TensorProto.DataType. */
export const FLOAT = 1;
export const INT32 = 6;
export const INT64 = 7;
export const BOOL = 9;

export const elementTypes: Record<DType, number> = { float32: FLOAT, int32: INT32, bool: BOOL };

/** An element type: the dtype that it becomes, its bytes in raw data, how an element is read, and which list holds it otherwise. */
interface Kind {
  dtype: DType;
  bytes: number;
  read(view: DataView, at: number): number;
  list: 'floatData' | 'int32Data' | 'int64Data' | 'doubleData';
  /** The value of an element of the list. */
  decode?(item: number): number;
}

const kinds = new Map<number, Kind>([
  [FLOAT, { dtype: 'float32', bytes: 4, read: (v, at) => v.getFloat32(at, true), list: 'floatData' }],
  [2, { dtype: 'int32', bytes: 1, read: (v, at) => v.getUint8(at), list: 'int32Data' }],
  [3, { dtype: 'int32', bytes: 1, read: (v, at) => v.getInt8(at), list: 'int32Data' }],
  [4, { dtype: 'int32', bytes: 2, read: (v, at) => v.getUint16(at, true), list: 'int32Data' }],
  [5, { dtype: 'int32', bytes: 2, read: (v, at) => v.getInt16(at, true), list: 'int32Data' }],
  [INT32, { dtype: 'int32', bytes: 4, read: (v, at) => v.getInt32(at, true), list: 'int32Data' }],
  [INT64, { dtype: 'int32', bytes: 8, read: (v, at) => Number(v.getBigInt64(at, true)), list: 'int64Data' }],
  [BOOL, { dtype: 'bool', bytes: 1, read: (v, at) => Number(v.getUint8(at) !== 0), list: 'int32Data' }],
  [10, { dtype: 'float32', bytes: 2, read: (v, at) => half(v.getUint16(at, true)), list: 'int32Data', decode: half }],
  [11, { dtype: 'float32', bytes: 8, read: (v, at) => v.getFloat64(at, true), list: 'doubleData' }],
  [16, { dtype: 'float32', bytes: 2, read: (v, at) => brain(v.getUint16(at, true)), list: 'int32Data', decode: brain }],
]);

/** The dtype that an element type becomes, or null if it is not supported. */
export function dtypeOf(elementType: number): DType | null {
  return kinds.get(elementType)?.dtype ?? null;
}

/** A tensor of a file. Integers are exact up to 2⁵³, so that the end of a slice may be the largest 64-bit number. */
export interface Literal {
  dtype: DType;
  shape: readonly number[];
  values: Float32Array | Float64Array;
  /** For integers of 8 and 16 bits: the number of the type in the file. */
  elementType?: number;
}

export function fail(message: string): never {
  refuse(FormatError, 'loadOnnx', message, { argument: 'bytes' });
}

/** The number of elements of a shape; refuses sizes that are not a shape. */
export function shapeOf(name: string, dims: readonly number[]): number {
  if (dims.length > MAX_DIMS) fail(`${name} has ${dims.length} dimensions, at most ${MAX_DIMS} are supported`);
  let numel = 1;
  for (const size of dims) {
    if (!Number.isSafeInteger(size) || size < 0) fail(`${name} has a dimension of size ${size}`);
    numel *= size;
  }
  if (!Number.isSafeInteger(numel)) fail(`${name} has sizes [${dims.join(',')}]`);
  return numel;
}

/** The elements of a tensor; its sizes must be those of its data. */
export function readTensor(name: string, proto: TensorProto): Literal {
  const { dims, dataType = 0, rawData } = proto;
  if (proto.dataLocation === 1 || proto.externalData.length > 0) {
    fail(`${name} is in another file (external data); save the model as one file`);
  }
  const kind = kinds.get(dataType) ?? fail(`${name} has element type ${dataType}, which is not supported`);
  const numel = shapeOf(name, dims);
  const list = proto[kind.list];
  const count = rawData === undefined ? list.length : rawData.length / kind.bytes;
  if (count !== numel) fail(`${name} is [${dims.join(',')}], but has ${count} elements`);
  // The usual case, copied as a whole: files and wasm have the same byte order.
  if (dataType === FLOAT && rawData !== undefined)
    return { dtype: 'float32', shape: [...dims], values: new Float32Array(new Uint8Array(rawData).buffer) };
  const values = kind.dtype === 'float32' ? new Float32Array(numel) : new Float64Array(numel);
  if (rawData === undefined) {
    const decode =
      kind.decode ?? (kind.dtype === 'bool' ? (item: number) => Number(item !== 0) : (item: number) => item);
    for (let i = 0; i < numel; i++) values[i] = decode(list[i]!);
  } else {
    const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
    for (let i = 0; i < numel; i++) values[i] = kind.read(view, i * kind.bytes);
  }
  const isNarrow = kind.dtype === 'int32' && kind.bytes < 4;
  return { dtype: kind.dtype, shape: [...dims], values, ...(isNarrow ? { elementType: dataType } : {}) };
}

/** A tensor for a file, with its elements as raw data. */
export function tensorProtoOf(
  dims: readonly number[],
  dataType: number,
  data: NumericArray | readonly number[],
  name?: string,
): Written<TensorProto> {
  const head = { dims: [...dims], dataType, ...(name === undefined ? {} : { name }) };
  const bytes = dataType === INT64 ? 8 : dataType === BOOL ? 1 : 4;
  if (dataType === FLOAT) return { ...head, rawData: new Uint8Array(Float32Array.from(data).buffer) };
  const rawData = new Uint8Array(data.length * bytes);
  const view = new DataView(rawData.buffer);
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    // No number of JavaScript equals the largest 64-bit integer.
    if (dataType === INT64) view.setBigInt64(8 * i, value >= 2 ** 63 ? 2n ** 63n - 1n : BigInt(value), true);
    else if (dataType === BOOL) view.setUint8(i, value);
    else view.setInt32(4 * i, value, true);
  }
  return { ...head, rawData };
}

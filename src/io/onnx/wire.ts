/**
 * The part of ONNX's protobuf messages that saraf reads and writes, as tables of field numbers, with one reader and one writer for all
 * of them. Nothing is allocated beyond what the bytes hold, and messages and items of lists are charged for. Unknown fields are skipped;
 * groups, packed and single numbers are distinguished as protobuf specifies. Subgraphs stay bytes: they are refused later, and messages
 * cannot nest without end.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */

import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { FormatError, refuse, SarafError } from '../../../bindings/errors.ts';
import { decodeText, encodeText } from '../../../bindings/host.ts';
import { charge, ITEM_COST } from '../../tensor/budget.ts';

type Codec = 'int' | 'float' | 'double' | 'text' | 'bytes' | Fields;

interface Field {
  number: number;
  codec: Codec;
  many: boolean;
  /** The most items of a list. */
  most: number;
}

/** The fields of a message by their names here. */
type Fields = Readonly<Record<string, Field>>;

/** The fields of a message that is T when it is decoded: all of them. */
type Message<T extends object> = { readonly [K in keyof T]-?: Field };

/** The most sizes of a tensor: more than any tensor has, few enough to list in an error. */
const MOST_SIZES = 64;

const one = (number: number, codec: Codec): Field => ({ number, codec, many: false, most: 1 });
const many = (number: number, codec: Codec, most = Infinity): Field => ({ number, codec, many: true, most });

/** Fields that are absent are undefined; repeated ones are empty lists. */
export interface TensorProto {
  dims: number[];
  dataType?: number;
  floatData: number[];
  int32Data: number[];
  int64Data: number[];
  name?: string;
  rawData?: Uint8Array;
  doubleData: number[];
  externalData: Uint8Array[];
  dataLocation?: number;
}
const tensorProto: Message<TensorProto> = {
  dims: many(1, 'int', MOST_SIZES),
  dataType: one(2, 'int'),
  floatData: many(4, 'float'),
  int32Data: many(5, 'int'),
  int64Data: many(7, 'int'),
  name: one(8, 'text'),
  rawData: one(9, 'bytes'),
  doubleData: many(10, 'double'),
  externalData: many(13, 'bytes'),
  dataLocation: one(14, 'int'),
};

export interface AttributeProto {
  name?: string;
  f?: number;
  i?: number;
  s?: string;
  t?: TensorProto;
  g?: Uint8Array;
  floats: number[];
  ints: number[];
  strings: string[];
  graphs: Uint8Array[];
  type?: number;
  refAttrName?: string;
  sparseTensor?: Uint8Array;
}
const attributeProto: Message<AttributeProto> = {
  name: one(1, 'text'),
  f: one(2, 'float'),
  i: one(3, 'int'),
  s: one(4, 'text'),
  t: one(5, tensorProto),
  g: one(6, 'bytes'),
  floats: many(7, 'float'),
  ints: many(8, 'int'),
  strings: many(9, 'text'),
  graphs: many(11, 'bytes'),
  type: one(20, 'int'),
  refAttrName: one(21, 'text'),
  sparseTensor: one(22, 'bytes'),
};

export interface NodeProto {
  input: string[];
  output: string[];
  name?: string;
  opType?: string;
  attribute: AttributeProto[];
  domain?: string;
}
const nodeProto: Message<NodeProto> = {
  input: many(1, 'text'),
  output: many(2, 'text'),
  name: one(3, 'text'),
  opType: one(4, 'text'),
  attribute: many(5, attributeProto),
  domain: one(7, 'text'),
};

interface DimensionProto {
  dimValue?: number;
  dimParam?: string;
}
const dimensionProto: Message<DimensionProto> = { dimValue: one(1, 'int'), dimParam: one(2, 'text') };
interface ShapeProto {
  dim: DimensionProto[];
}
const shapeProto: Message<ShapeProto> = { dim: many(1, dimensionProto, MOST_SIZES) };
interface TensorTypeProto {
  elemType?: number;
  shape?: ShapeProto;
}
const tensorTypeProto: Message<TensorTypeProto> = { elemType: one(1, 'int'), shape: one(2, shapeProto) };
interface TypeProto {
  tensorType?: TensorTypeProto;
}
const typeProto: Message<TypeProto> = { tensorType: one(1, tensorTypeProto) };

export interface ValueInfoProto {
  name?: string;
  type?: TypeProto;
}
const valueInfoProto: Message<ValueInfoProto> = { name: one(1, 'text'), type: one(2, typeProto) };

interface GraphProto {
  node: NodeProto[];
  name?: string;
  initializer: TensorProto[];
  input: ValueInfoProto[];
  output: ValueInfoProto[];
  sparseInitializer: Uint8Array[];
}
const graphProto: Message<GraphProto> = {
  node: many(1, nodeProto),
  name: one(2, 'text'),
  initializer: many(5, tensorProto),
  input: many(11, valueInfoProto),
  output: many(12, valueInfoProto),
  sparseInitializer: many(15, 'bytes'),
};

interface OperatorSetProto {
  domain?: string;
  version?: number;
}
const operatorSetProto: Message<OperatorSetProto> = { domain: one(1, 'text'), version: one(2, 'int') };

export interface ModelProto {
  irVersion?: number;
  producerName?: string;
  graph?: GraphProto;
  opsetImport: OperatorSetProto[];
  functions: Uint8Array[];
}
const modelProto: Message<ModelProto> = {
  irVersion: one(1, 'int'),
  producerName: one(2, 'text'),
  graph: one(7, graphProto),
  opsetImport: many(8, operatorSetProto),
  functions: many(25, 'bytes'),
};

/** How a value of a codec is encoded. */
function wireType(codec: Codec): WireType {
  if (codec === 'int') return WireType.Varint;
  if (codec === 'float') return WireType.Bit32;
  return codec === 'double' ? WireType.Bit64 : WireType.LengthDelimited;
}

/** A 64-bit number as the nearest number of JavaScript: exact up to 2⁵³. Small ones are read without a BigInt. */
function readInt(reader: BinaryReader, bytes: Uint8Array): number {
  const first = bytes[reader.pos]!;
  if (first >= 0x80 || reader.pos >= reader.len) return Number(reader.int64());
  reader.pos++;
  return first;
}

function readOne(reader: BinaryReader, bytes: Uint8Array, codec: Codec): unknown {
  if (codec === 'int') return readInt(reader, bytes);
  if (codec === 'float') return reader.float();
  if (codec === 'double') return reader.double();
  const part = reader.bytes();
  if (codec === 'bytes') return part;
  if (codec === 'text') return decodeText(part);
  return readMessage(part, codec);
}

/** The cost of a message: an object with its fields, and a view of its bytes while it is read. */
const MESSAGE_COST = 64;

const EMPTY: unknown[] = [];

/** A message before anything is read, and its fields by number. */
interface Layout {
  blank: object;
  fields: Map<number, [name: string, field: Field]>;
}
const layouts = new Map<Fields, Layout>();

function layoutOf(message: Fields): Layout {
  let layout = layouts.get(message);
  if (layout === undefined) {
    const entries = Object.entries(message);
    layout = {
      blank: Object.fromEntries(entries.map(([name, field]) => [name, field.many ? EMPTY : undefined])),
      fields: new Map(entries.map((entry) => [entry[1].number, entry])),
    };
    layouts.set(message, layout);
  }
  return layout;
}

function readMessage(bytes: Uint8Array, message: Fields): object {
  charge(MESSAGE_COST);
  const reader = new BinaryReader(bytes, decodeText);
  const { blank, fields } = layoutOf(message);
  const result: Record<string, unknown> = { ...blank };
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    const entry = fields.get(number);
    if (entry === undefined) {
      reader.skip(type, number);
      continue;
    }
    const [name, { codec, many: isMany, most }] = entry;
    const expected = wireType(codec);
    if (!isMany) {
      if (type !== expected) throw new Error(`field ${name} has wire type ${type}`);
      result[name] = readOne(reader, bytes, codec);
      continue;
    }
    const before = result[name];
    const list: unknown[] = Array.isArray(before) && before !== EMPTY ? before : [];
    result[name] = list;
    const add = (from: BinaryReader, source: Uint8Array) => {
      if (list.length === most) throw new Error(`field ${name} has more than ${most} items`);
      charge(ITEM_COST);
      list.push(readOne(from, source, codec));
    };
    if (type === expected) {
      add(reader, bytes);
    } else if (type === WireType.LengthDelimited && typeof codec === 'string') {
      const part = reader.bytes();
      const packed = new BinaryReader(part, decodeText);
      while (packed.pos < packed.len) add(packed, part);
    } else {
      throw new Error(`field ${name} has wire type ${type}`);
    }
  }
  return result;
}

/** The message of an .onnx file. Only its encoding has been checked. */
export function readModel(bytes: Uint8Array): ModelProto {
  try {
    return readMessage(bytes, modelProto) as ModelProto;
  } catch (error) {
    if (error instanceof SarafError) throw error;
    refuse(FormatError, 'loadOnnx', `the bytes are not an ONNX model (${(error as Error).message})`, {
      argument: 'bytes',
    });
  }
}

/** A message to be written. */
type Given = Readonly<Record<string, unknown>>;

function writeOne(writer: BinaryWriter, codec: Codec, value: unknown): void {
  if (codec === 'int') writer.int64(value as number);
  else if (codec === 'float') writer.float(value as number);
  else if (codec === 'double') writer.double(value as number);
  else if (codec === 'text') writer.string(value as string);
  else if (codec === 'bytes') writer.bytes(value as Uint8Array);
  else writeMessage(writer.fork(), codec, value as Given).join();
}

function writeMessage(writer: BinaryWriter, message: Fields, value: Given): BinaryWriter {
  for (const [name, { number, codec, many: isMany }] of Object.entries(message)) {
    const given = value[name];
    if (given === undefined) continue;
    const type = wireType(codec);
    const items: readonly unknown[] = isMany && Array.isArray(given) ? given : [given];
    if (!isMany || type === WireType.LengthDelimited) {
      for (const item of items) writeOne(writer.tag(number, type), codec, item);
    } else if (items.length > 0) {
      writer.tag(number, WireType.LengthDelimited).fork();
      for (const item of items) writeOne(writer, codec, item);
      writer.join();
    }
  }
  return writer;
}

/** A message as it is written: lists that are absent are empty. */
export type Written<T> = {
  [K in keyof T]?: T[K] extends (infer E)[] | undefined
    ? E extends object
      ? E extends Uint8Array
        ? E[]
        : Written<E>[]
      : E[]
    : T[K] extends Uint8Array | undefined
      ? T[K]
      : T[K] extends object | undefined
        ? Written<NonNullable<T[K]>>
        : T[K];
};

/** The bytes of an .onnx file. */
export function writeModel(model: Written<ModelProto>): Uint8Array {
  return writeMessage(new BinaryWriter(encodeText), modelProto, model).finish();
}

/**
 * Writes ONNX models of one node, in the protobuf wire format, by hand: field numbers are those of onnx.proto3
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3). Every input and output is a float32 tensor.
 */

const IR_VERSION = 8;
const OPSET = 13;
const FLOAT = 1;
const ATTRIBUTE_INT = 2;

type Field = number[];

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 128);
  }
}

const int = (field: number, value: number): Field => [...varint(field * 8), ...varint(value)];
const bytes = (field: number, value: number[]): Field => [...varint(field * 8 + 2), ...varint(value.length), ...value];
const text = (field: number, value: string): Field => bytes(field, [...Buffer.from(value)]);
const message = (field: number, ...fields: Field[]): Field => bytes(field, fields.flat());

export interface TensorType {
  name: string;
  shape: number[];
}

function valueInfo(field: number, { name, shape }: TensorType): Field {
  const dims = shape.map((size) => message(1, int(1, size)));
  return message(field, text(1, name), message(2, message(1, int(1, FLOAT), message(2, ...dims))));
}

/** A model of one node: `op(inputs) → output`, with integer attributes. */
export function onnxModel(
  op: string,
  inputs: TensorType[],
  output: TensorType,
  attributes: Record<string, number> = {},
): Uint8Array {
  const node = message(
    1,
    ...inputs.map(({ name }) => text(1, name)),
    text(2, output.name),
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) =>
      message(5, text(1, name), int(3, value), int(20, ATTRIBUTE_INT)),
    ),
  );
  const values = [...inputs.map((input) => valueInfo(11, input)), valueInfo(12, output)];
  const graph = message(7, node, text(2, op), ...values);
  return Uint8Array.from([...int(1, IR_VERSION), ...graph, ...message(8, text(1, ''), int(2, OPSET))]);
}

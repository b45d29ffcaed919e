/**
 * Integers of 8 and 16 bits. saraf has them as int32; which values of a graph they are is known from the file, and what arithmetic makes
 * of them is brought back to their range, as the file's own types would wrap.
 */
import * as ops from '../../ops/index.ts';
import { isTensor } from '../../tensor/tensor.ts';
import { literal, type Value } from './context.ts';
import type { OnnxNode } from './node.ts';
import type { Literal } from './tensors.ts';

/** Numbers of TensorProto.DataType: UINT8, INT8, UINT16, INT16. */
const RANGES = new Map<number, { low: number; count: number }>([
  [2, { low: 0, count: 256 }],
  [3, { low: -128, count: 256 }],
  [4, { low: 0, count: 65536 }],
  [5, { low: -32768, count: 65536 }],
]);

export const isNarrow = (elementType: number): boolean => RANGES.has(elementType);

/** Operations that may leave the range of their operands. */
const WRAPPING = new Set(
  ['Abs', 'Add', 'Cast', 'CastLike', 'CumSum', 'Div', 'Mod', 'Mul', 'Neg', 'Pow', 'Sub', 'Sum'].concat([
    'ReduceL1',
    'ReduceProd',
    'ReduceSum',
    'ReduceSumSquare',
  ]),
);
/** Operations whose results are positions or counts, whatever they are given. */
const COUNTS = new Set(['ArgMax', 'ArgMin', 'NonZero', 'Shape', 'Size']);
/** Which input has the type of the result, where it is not the first. */
const TYPED_BY: Record<string, number> = { Where: 1, CastLike: 1, OneHot: 2 };

/** The element type of a node's first result, if it is one of these; `known` are those of the names before. */
export function narrowTypeOf(
  { op, inputs, attributes }: OnnxNode,
  known: ReadonlyMap<string, number>,
): number | undefined {
  if (COUNTS.has(op)) return undefined;
  const value = attributes.get(op === 'Cast' ? 'to' : 'value');
  if (op === 'Cast') return typeof value === 'number' && isNarrow(value) ? value : undefined;
  if (op === 'Constant' || op === 'ConstantOfShape') return (value as Literal | undefined)?.elementType;
  return known.get(inputs[TYPED_BY[op] ?? 0] ?? '');
}

/** The result of an operation in the range of its element type. */
export function wrapped(op: string, value: Value, elementType: number | undefined): Value {
  const range = elementType === undefined ? undefined : RANGES.get(elementType);
  if (range === undefined || value.dtype !== 'int32' || !WRAPPING.has(op)) return value;
  const { low, count } = range;
  if (!isTensor(value))
    return literal(
      'int32',
      value.shape,
      value.values.map((x) => ((((x - low) % count) + count) % count) + low),
    );
  const positive = ops.remainder(value.sub(low), count).add(count);
  return ops.remainder(positive, count).add(low);
}

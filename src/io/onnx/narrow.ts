/**
 * Integers of 8 and 16 bits. saraf holds them as int32. The file tells which values of a graph they are, and results of arithmetic are
 * brought back into their range, as the types of the file would wrap.
 */

import * as ops from '../../ops/index.ts';
import { isTensor } from '../../tensor/tensor.ts';
import { literal, type Value } from './context.ts';
import { isLiteral, type OnnxNode } from './node.ts';

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
/** Operations whose results are positions or counts, whatever their operands are. */
const COUNTS = new Set(['ArgMax', 'ArgMin', 'NonZero', 'Shape', 'Size']);
/** The input that has the type of the result, if it is not the first. */
const TYPED_BY: Record<string, number> = { Where: 1, CastLike: 1, OneHot: 2 };

/** The element type of a node's first result, if it is one of these; `known`: those of earlier names. */
export function narrowTypeOf(
  { op, inputs, attributes }: OnnxNode,
  known: ReadonlyMap<string, number>,
): number | undefined {
  if (COUNTS.has(op)) return undefined;
  const value = attributes.get(op === 'Cast' ? 'to' : 'value');
  if (op === 'Cast') return typeof value === 'number' && isNarrow(value) ? value : undefined;
  if (op === 'Constant' || op === 'ConstantOfShape') return isLiteral(value) ? value.elementType : undefined;
  return known.get(inputs[TYPED_BY[op] ?? 0] ?? '');
}

/** The result of an operation, wrapped into the range of its element type. */
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

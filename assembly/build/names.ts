/** Names that generated sources share. */
import { binaryFns } from '../../bindings/commands/elementwise.ts';
import { activations } from '../../bindings/commands/gemm.ts';
import { adaptiveFns } from '../../bindings/commands/optim.ts';
import { randomFns } from '../../bindings/commands/random.ts';
import { recurrentKinds } from '../../bindings/commands/recurrent.ts';
import { argReduceFns, reduceFns } from '../../bindings/commands/reduce.ts';
import { resizeModes } from '../../bindings/commands/resize.ts';
import { unaryFns } from '../../bindings/commands/unary.ts';

/** With a capital first letter. */
export const pascal = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** Lists of names whose indices are codes in commands, by the names of their enums. */
export const codes: Record<string, readonly string[]> = {
  UnaryFn: unaryFns,
  BinaryFn: binaryFns,
  ReduceFn: reduceFns,
  ArgReduceFn: argReduceFns,
  Activation: activations,
  RandomFn: randomFns,
  ResizeMode: resizeModes,
  RecurrentKind: recurrentKinds,
  AdaptiveFn: adaptiveFns,
};

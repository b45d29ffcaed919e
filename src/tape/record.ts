/** Recording: links the result of an operation to its inputs, and saves what the operation's rule will need. */

import { Node, type Saved, Variable } from '../tensor/graph.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Details, watching } from '../tensor/watch.ts';
import { isGradEnabled } from './mode.ts';
import { type Attributes, type Primitive, saves } from './primitives.ts';
import { linkView } from './views.ts';

function save(tensor: Tensor): Saved {
  const { offset, shape, strides, dtype, storage } = tensor;
  return { storage: storage.retain(), offset, shape, strides, dtype, version: storage.version };
}

/** Two recorded results are of one operation: a backward pass through one of them frees what both have saved. */
export function recordTwins(a: Tensor, b: Tensor): void {
  const [first, second] = [a.variable?.node ?? null, b.variable?.node ?? null];
  if (first === null || second === null) return;
  first.twin = second;
  second.twin = first;
}

/** Whether an operation on these inputs must be recorded. */
export function needsGrad(inputs: readonly Tensor[]): boolean {
  if (!isGradEnabled()) return false;
  for (const input of inputs) if (input.requiresGrad) return true;
  return false;
}

/** Records that `output` (new, float32) is `primitive` of `inputs`, if one of them requires grad. Returns `output`. */
export function record<P extends Primitive>(
  primitive: P,
  inputs: readonly Tensor[],
  output: Tensor,
  ...attributes: Attributes[P] extends undefined ? [] : [Attributes[P]]
): Tensor {
  watching?.note(primitive, inputs, [output], attributes[0] as Details | undefined);
  const first = inputs[0];
  if (first !== undefined && first.storageOrNull === output.storageOrNull) linkView(first, output);
  if (!needsGrad(inputs)) return output;
  const { inputs: wanted, output: keepsOutput } = saves[primitive];
  const savedInputs = inputs.map((input, i) => {
    if (wanted === undefined) return null;
    if (wanted === 'others') return inputs.some((other, j) => j !== i && other.requiresGrad) ? save(input) : null;
    return wanted === 'all' || wanted.includes(i) ? save(input) : null;
  });
  const node = new Node(
    primitive,
    inputs.map((input) => (input.requiresGrad ? input.variable : null)),
    inputs.map((input) => input.shape),
    savedInputs,
    keepsOutput ? save(output) : null,
    attributes[0],
  );
  output.setVariable(new Variable(true, node));
  return output;
}

/**
 * Views and changes in place. A change through one tensor changes the elements of all views of its storage, so their gradients must
 * change too: the storage's elements get a new variable, `overwrite` of the old one with what was written, and each tensor that
 * shares them becomes a `region` of it (PyTorch's CopySlices and AsStridedBackward).
 */
import { AutogradError, refuse } from '../../bindings/errors.ts';
import { History, Membership, Node, releaseVariable, untracked, Variable } from '../tensor/graph.ts';
import { numelOf, sameShape, show } from '../tensor/shapes.ts';
import { Tensor } from '../tensor/tensor.ts';
import { isGradEnabled } from './mode.ts';
import type { Attributes, Primitive, Region } from './primitives.ts';

/** Operations whose results share the elements of their input. */
const VIEWS: ReadonlySet<string> = new Set<Primitive>(['reshape', 'permute', 'slice', 'expand', 'region']);

/** Links a view to the tensor that it is a view of. */
export function linkView(x: Tensor, view: Tensor): void {
  if (!isGradEnabled()) {
    view.setMembership(untracked);
    return;
  }
  const member = membershipOf(x);
  view.setMembership(member === untracked ? untracked : new Membership(member.history));
}

/** The membership of x, in a new history if it has none. */
function membershipOf(x: Tensor): Membership {
  let { membership } = x;
  if (membership === null) {
    membership = new Membership(new History(followHistory));
    x.setMembership(membership);
  }
  return membership;
}

/** Another handle on the elements and the history of x. */
export function anotherHandle(x: Tensor): Tensor {
  const y = new Tensor(x.storage.retain(), x.shape, x.strides, x.offset, x.dtype, x.variable);
  linkView(x, y);
  return y;
}

function nodeOf<P extends Primitive>(
  primitive: P,
  inputs: (Variable | null)[],
  shapes: (readonly number[])[],
  attributes: Attributes[P],
): Variable {
  const saved = inputs.map(() => null);
  return new Variable(true, new Node(primitive, inputs, shapes, saved, null, attributes));
}

/** Whether several elements of x are the same in memory, as after `expand`. */
export function repeatsElements({ contiguous, shape, strides }: Tensor): boolean {
  return !contiguous && shape.some((size, i) => size > 1 && strides[i] === 0);
}

function regionOf({ offset, shape, strides, storage }: Tensor): Region {
  const once = shape.map((size, i) => (strides[i] === 0 ? Math.min(1, size) : size));
  return { offset, shape: once, strides, length: storage.length };
}

/** Gives a tensor the variable that follows from its history, after another tensor has written to their elements. */
function followHistory(x: Tensor, member: Membership): void {
  const { history } = member;
  const region = regionOf(x);
  const part = nodeOf('region', [history.variable], [[region.length]], region);
  const isWhole = sameShape(region.shape, x.shape);
  x.setVariable(isWhole ? part : nodeOf('expand', [part], [region.shape], undefined));
  member.seen = history.writes;
}

/** Whether x has all elements of its storage, in order. */
function isAll(x: Tensor): boolean {
  return x.contiguous && x.numel === x.storage.length;
}

/** Whether no other tensor shares what is written to x. */
function isApart({ membership, storage }: Tensor): boolean {
  if (membership === null) return true;
  return membership === untracked ? storage.handles === 1 : membership.history.refs === 1;
}

const VIEW_OF_LEAF = 'a view of a leaf that requires grad can be changed only inside noGrad()';
const VIEW_OF_NO_GRAD =
  'a view that was made inside noGrad() cannot be changed in place while gradients are recorded; make the view outside, or write inside noGrad()';

/** The variable of all elements of the storage, and their shape, where x requires grad and is a view of some of them. */
function wholeOf(op: string, x: Tensor, own: Variable): { variable: Variable; shape: readonly number[] } {
  let variable = own;
  let shape: readonly number[] = x.shape;
  for (let { node } = variable; node !== null && VIEWS.has(node.primitive); { node } = variable) {
    shape = node.shapes[0]!;
    variable = node.inputs[0]!;
  }
  if (variable.node === null) refuse(AutogradError, op, VIEW_OF_LEAF);
  if (numelOf(shape) !== x.storage.length)
    refuse(
      AutogradError,
      op,
      `a view of a tensor ${show(shape)} that is itself part of a larger one cannot be changed; clone() it`,
    );
  return { variable, shape };
}

/**
 * Refuses to write `result` into x while gradients are recorded, if autograd cannot follow that. Returns a function to call after the
 * elements have been written: it makes x, and all tensors that share the change, part of the graph.
 */
export function planWrite(op: string, x: Tensor, result: Tensor): (() => void) | null {
  const { membership } = x;
  if (membership?.history.leaf?.requiresGrad) refuse(AutogradError, op, VIEW_OF_LEAF);
  if (!x.requiresGrad && !result.requiresGrad) return null;
  const written = result.variable;
  if (written !== null && isAll(x) && isApart(x)) {
    // The variable of elements in x's own memory must not look like that of a view of another tensor.
    const isView = written.node !== null && VIEWS.has(written.node.primitive);
    return () => x.setVariable(isView ? nodeOf('clone', [written], [x.shape], undefined) : written);
  }
  if (membership === untracked) refuse(AutogradError, op, VIEW_OF_NO_GRAD);
  const { variable } = x;
  const whole = variable?.requiresGrad ? wholeOf(op, x, variable) : null;
  // Replacing all elements cuts the link to what they were made from.
  const isReplaced = written !== null && x.numel === x.storage.length;
  return () => {
    const region = regionOf(x);
    const flat = [region.length];
    let before: Variable | null = null;
    if (whole !== null && !isReplaced) {
      const { variable, shape } = whole;
      before = shape.length === 1 ? variable : nodeOf('reshape', [variable], [shape], undefined);
    }
    changeHistory(membershipOf(x).history, nodeOf('overwrite', [before, written], [flat, x.shape], region));
  };
}

function changeHistory(history: History, after: Variable): void {
  const { variable } = history;
  after.refs++;
  history.variable = after;
  history.writes++;
  if (variable !== null) releaseVariable(variable);
}

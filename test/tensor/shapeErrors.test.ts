/** Shapes, dimensions and indices that do not fit: they are refused with both sides in the message. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  bmm,
  cat,
  DTypeError,
  dot,
  F,
  ones,
  outer,
  type SarafError,
  ShapeError,
  stack,
  tensor,
} from '../../src/index.ts';
import { check } from '../support/refusals.ts';

const m = () => ones(2, 3);
const whole = (...values: number[]) => tensor(values, { dtype: 'int32' });
const wrong = (x: unknown) => x as never;

const refusals: [message: string, fn: () => unknown, kind: new (...args: never[]) => SarafError][] = [
  ['matmul: inner sizes differ: [2,3] × [2,3]', () => m().matmul(m()), ShapeError],
  ['matmul: inner sizes differ: [3] × [2,3]', () => ones(3).matmul(m()), ShapeError],
  ['matmul: batches do not broadcast: [2,3,4] × [3,4,2]', () => ones(2, 3, 4).matmul(ones(3, 4, 2)), ShapeError],
  ['matmul: both operands need at least one dimension, got [2,3] and []', () => m().matmul(tensor(1)), ShapeError],
  [
    "matmul: other must be float32, got int32; convert it with to('float32')",
    () => m().matmul(whole(1, 2, 3)),
    DTypeError,
  ],
  ['matmul: other must be a tensor, got number', () => m().matmul(wrong(3)), ArgumentError],
  ['bmm: expected [b,m,k] and [b,k,n], got [2,3] and [2,3]', () => bmm(m(), m()), ShapeError],
  ['bmm: inner sizes differ: [1,2,3] × [1,2,3]', () => bmm(ones(1, 2, 3), ones(1, 2, 3)), ShapeError],
  ['dot: expected two vectors of one length, got [2] and [3]', () => dot(ones(2), ones(3)), ShapeError],
  ['outer: expected two vectors, got [2,3] and [2]', () => outer(m(), ones(2)), ShapeError],
  [
    "linear: input [2,3] must end in the weight's 4 input features, weight is [5,4]",
    () => F.linear(m(), ones(5, 4)),
    ShapeError,
  ],
  ['linear: weight must be [out,in], got [3]', () => F.linear(m(), ones(3)), ShapeError],
  ['linear: bias must be [4], got [3]', () => F.linear(m(), ones(4, 3), ones(3)), ShapeError],
  ['reshape: 6 elements do not fit into shape [4]', () => m().reshape(4), ShapeError],
  ['reshape: 6 elements do not fit into shape [-1,-1]', () => m().reshape(-1, -1), ShapeError],
  ['reshape: 6 elements do not fit into shape [-2,-3]', () => m().reshape(-2, -3), ShapeError],
  ['reshape: 6 elements do not fit into shape [4,-1]', () => m().reshape(4, -1), ShapeError],
  ['reshape: sizes must be whole numbers of at least 0, got [1.5,4]', () => m().reshape(1.5, 4), ShapeError],
  ['view: the elements of [3,2] cannot be seen as [6] without copying; use reshape', () => m().T.view(6), ShapeError],
  ['flatten: start 1 is after end 0', () => m().flatten(1, 0), ArgumentError],
  ['flatten: dim 3 is out of range for 2 dimensions (expected -2 to 1)', () => m().flatten(3), ArgumentError],
  ['unflatten: 3 elements do not fit into shape [2,2]', () => m().unflatten(1, [2, 2]), ShapeError],
  ['squeeze: dim 2 is out of range for 2 dimensions', () => m().squeeze(2), ArgumentError],
  ['unsqueeze: dim 4 is out of range for 3 dimensions (expected -3 to 2)', () => m().unsqueeze(4), ArgumentError],
  ['unsqueeze: dim undefined is out of range', () => m().unsqueeze(wrong(undefined)), ArgumentError],
  ['transpose: dim 2 is out of range', () => m().transpose(0, 2), ArgumentError],
  ['permute: expected each of 2 dimensions once, got [0]', () => m().permute(0), ArgumentError],
  ['permute: expected each of 2 dimensions once, got [0,0]', () => m().permute(0, 0), ArgumentError],
  ['expand: [2,3] cannot be stretched to [4,3]', () => m().expand(4, 3), ShapeError],
  ['expand: [2,3] cannot be stretched to [3]', () => m().expand(3), ShapeError],
  ['expand: [2,3] cannot be stretched to [-1,2,3]', () => m().expand(-1, 2, 3), ShapeError],
  ['expand: [1] cannot be stretched to [1.5]', () => ones(1).expand(1.5), ShapeError],
  ['slice: dim 2 is out of range', () => m().slice(2), ArgumentError],
  ['slice: step must be a whole number of at least 1, got 0', () => m().slice(0, 0, 2, 0), ArgumentError],
  ['slice: step must be a whole number of at least 1, got -1', () => m().slice(0, 0, 2, -1), ArgumentError],
  ['slice: start must be a whole number, got 0.5', () => m().slice(0, 0.5), ArgumentError],
  ['slice: end must be a whole number, got NaN', () => m().slice(0, 0, Number.NaN), ArgumentError],
  ['slice: a tensor without dimensions has no parts', () => tensor(1).slice(0), ShapeError],
  ['select: index 2 is out of range for dimension 0 of [2,3]', () => m().select(0, 2), ArgumentError],
  ['select: index -3 is out of range for dimension 0 of [2,3]', () => m().select(0, -3), ArgumentError],
  ['select: index 0.5 is out of range', () => m().select(0, 0.5), ArgumentError],
  ['select: index 0 is out of range for dimension 0 of []', () => tensor(1).select(0, 0), ArgumentError],
  ['indexSelect: index 2 is out of range, expected 0 to 1', () => m().indexSelect(0, whole(0, 2)), ArgumentError],
  ['indexSelect: index -1 is out of range, expected 0 to 1', () => m().indexSelect(0, whole(-1)), ArgumentError],
  ['indexSelect: index must be int32, got float32', () => m().indexSelect(0, ones(1)), DTypeError],
  [
    'indexSelect: index must have one dimension, got [1,1]',
    () => m().indexSelect(0, whole(0).reshape(1, 1)),
    ShapeError,
  ],
  ['indexSelect: index must be a tensor, got object', () => m().indexSelect(0, wrong({ 0: 0 })), ArgumentError],
  ['cat: shapes differ outside dimension 0: [2,3] and [2,2]', () => cat([m(), ones(2, 2)]), ShapeError],
  ['cat: shapes differ outside dimension 1: [2,3] and [3]', () => cat([m(), ones(3)], 1), ShapeError],
  ['cat: tensors[1] must be a tensor, got an array', () => cat([ones(1), wrong([1])]), ArgumentError],
  ['cat: dim 2 is out of range', () => cat([m(), m()], 2), ArgumentError],
  ['cat: tensors without dimensions cannot be joined; use stack', () => cat([tensor(1), tensor(2)]), ShapeError],
  ['stack: shapes differ: [2,3] and [2]', () => stack([m(), ones(2)]), ShapeError],
  ['stack: dim 3 is out of range for 3 dimensions', () => stack([m(), m()], 3), ArgumentError],
  ['item: only a tensor with one element has a value, this one is [2,3]', () => m().item(), ArgumentError],
  ['to: unknown dtype or device float64', () => m().to(wrong('float64')), ArgumentError],
  ['to: input must be a tensor, got number', () => m().copy_(wrong(3)), ArgumentError],
  ['value must be a number, got string', () => m().fill_(wrong('a')), ArgumentError],
];

describe('shapes that do not fit are refused', () => {
  check(refusals.map(([message, fn, kind]) => [message, fn, kind, message]));

  it('with errors that have the details as fields', () => {
    let error: unknown;
    try {
      m().reshape(4);
    } catch (e) {
      error = e;
    }
    expect(error).toMatchObject({ name: 'ShapeError', op: 'reshape', argument: 'shape', got: 6, expected: [4] });
  });
});

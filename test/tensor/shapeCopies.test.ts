/** A tensor owns its shape: later changes of an array that the caller passed do not change it. */
import { describe, expect, it } from 'vitest';
import { arange, compile, full, ones, rand, randn, scope, type Tensor, tensor, zeros } from '../../src/index.ts';

const makers: [string, (shape: number[]) => Tensor][] = [
  ['reshape', (shape) => arange(0, 6).reshape(shape)],
  ['view', (shape) => arange(0, 6).view(shape)],
  ['reshape of a view that is copied', (shape) => ones(3, 2).T.reshape(shape)],
  ['expand', (shape) => ones(1, 3).expand(shape)],
  ['tensor', (shape) => tensor(new Float32Array(6), { shape })],
  ['zeros', (shape) => zeros(shape)],
  ['full', (shape) => full(shape, 3)],
  ['rand', (shape) => rand(shape)],
  ['randn', (shape) => randn(shape)],
];

describe('the shape is a copy', () => {
  it.each(makers)('in %s', (_, make) => {
    scope(() => {
      const shape = [2, 3];
      const t = make(shape);
      const before = t.toArray();
      shape[0] = 70;
      shape.push(4);
      expect(t.shape).toEqual([2, 3]);
      expect(t.toArray()).toEqual(before);
      expect(t.add(1).shape).toEqual([2, 3]);
    });
  });

  it('in unflatten', () => {
    scope(() => {
      const sizes = [2, 3];
      const t = arange(0, 6).unflatten(0, sizes);
      sizes[1] = 9;
      expect(t.shape).toEqual([2, 3]);
    });
  });

  it('in results of a program', () => {
    const shape = [2, 3];
    const run = compile((x: Tensor) => x.reshape(shape));
    scope(() => {
      const x = arange(0, 6).to('float32');
      expect(run(x).shape).toEqual([2, 3]);
      shape[0] = 9;
      expect(run(x).shape).toEqual([2, 3]);
    });
    run.dispose();
  });
});

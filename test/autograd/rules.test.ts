/**
 * Every row of the table of gradient rules against finite differences in double precision: the gradient, and the
 * gradient of the gradient.
 */
import { describe, expect, it } from 'vitest';
import { rules } from '../../src/autograd/rules.ts';
import { gradcheck, type Tensor, tensor } from '../../src/index.ts';
import type { Primitive } from '../../src/tape/primitives.ts';
import { cases, gradientOf, once, points, recorded } from '../support/ruleCases.ts';

describe('gradient rules against finite differences', () => {
  it('knows every rule', () => expect(Object.keys(cases).sort()).toEqual(Object.keys(rules).sort()));

  const flat = Object.entries(cases).flatMap(([primitive, list]) =>
    list.map(([fn, ...inputs], i) => ({ primitive: primitive as Primitive, i, fn, inputs })),
  );

  it.each(flat)('$primitive $i', ({ primitive, fn, inputs }) => {
    const y = fn(...inputs);
    expect(recorded(y)).toContain(primitive);
    expect(gradcheck(fn, inputs)).toBe(true);
    const twice = () => gradcheck(gradientOf(fn), [points([...y.shape], -1.2, 1.4, 2.5), ...inputs]);
    if (once.includes(primitive)) expect(twice).toThrow('cannot be differentiated again');
    else expect(twice()).toBe(true);
  });
});

describe('gradcheck', () => {
  it('finds a wrong gradient and names the element', () => {
    const wrong = (x: Tensor) => x.square().add(x.detach().mul(2));
    expect(() => gradcheck(wrong, [tensor([1, 2], { requiresGrad: true })])).toThrow(
      /gradcheck: element 0 of input 0: gradient .*, finite difference/,
    );
  });

  it('names the input, counted among all inputs', () => {
    const wrong = (a: Tensor, b: Tensor) => a.mul(b.detach()).add(b);
    const inputs = [tensor([3]), tensor([2], { requiresGrad: true })];
    expect(() => gradcheck((c, x) => wrong(c!, x!).add(x!.detach()), inputs)).toThrow(/input 1/);
  });

  it('takes tolerances and refuses misspelt ones', () => {
    const x = tensor([0.5], { requiresGrad: true });
    expect(gradcheck((t) => t.mul(t.detach().mul(0).add(1)), [x], { eps: 1e-4, atol: 1e-3, rtol: 0 })).toBe(true);
    expect(() => gradcheck((t) => t, [x], { tolerance: 1 } as never)).toThrow(
      'gradcheck: unknown option tolerance (known: eps, atol, rtol)',
    );
  });
});

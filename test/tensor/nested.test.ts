/**
 * Arrays and objects that contain themselves crash no process and overflow no stack: every public name refuses them or
 * does not look inside them.
 */
import { describe, expect, it } from 'vitest';
import * as saraf from '../../src/index.ts';
import { compile, nn, optim, plot, Tensor, tensor } from '../../src/index.ts';
import { publicNames } from '../support/publicNames.ts';

const first: unknown[] = [];
first[0] = first;
const later: unknown[] = [[1, 2]];
later[1] = later;
const object: Record<string, unknown> = {};
object.self = object;
const cycles = { first, later, object };

let depth65: unknown = 1;
for (let i = 0; i < 65; i++) depth65 = [depth65];

/** Names that change the runtime, or take files. */
const LEFT_OUT = /^(init|setNumThreads)$/;
type Call = (...args: unknown[]) => unknown;

describe('a value that contains itself', () => {
  it.each(['tensor', 'plot.images'])('is reported by %s', (name) => {
    const make = (name === 'tensor' ? tensor : plot.images) as unknown as (data: unknown) => unknown;
    for (const data of [first, depth65])
      expect(() => make(data)).toThrow(/nested deeper than 64 levels; perhaps an array contains itself/);
    expect(() => make(later)).toThrow(saraf.SarafError);
  });

  it('is refused as a result of a compiled function', () => {
    for (const result of Object.values(cycles))
      expect(() => compile(() => result)()).toThrow(/the result is nested deeper than 64 levels/);
  });

  const places = Object.entries(publicNames).filter(([place]) => place !== 'saraf/node' && place !== 'saraf/kernels');
  it.each(places)('does no harm to %s', async (_, [place, names]) => {
    const x = tensor([[1, 2]]);
    const layer = new nn.Linear(2, 2);
    const optimizer = new optim.SGD(layer.parameters(), { lr: 1 });
    const overflows: string[] = [];
    for (const name of names.filter((name) => !LEFT_OUT.test(name))) {
      for (const [kind, cycle] of Object.entries(cycles)) {
        for (const args of [
          [cycle],
          [x, cycle],
          [x, 0, cycle],
          [2, cycle],
          [cycle, cycle],
          [layer, cycle],
          [optimizer, cycle],
          [[cycle]],
        ]) {
          try {
            const self = place === Tensor.prototype ? tensor([[1, 2]]) : place === nn.Linear.prototype ? layer : place;
            const value = (self as Record<string, unknown>)[name] as Call & (new (...args: unknown[]) => unknown);
            const isClass = /^class/.test(Function.prototype.toString.call(value));
            await Promise.race([isClass ? new value(...args) : value.apply(self, args), undefined]);
          } catch (error) {
            if (error instanceof RangeError) overflows.push(`${name}(${kind}): ${error.message}`);
          }
        }
      }
    }
    expect(overflows).toEqual([]);
  });
});

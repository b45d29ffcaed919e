/**
 * Indices that a program computes: the first one out of range, in the order of the program, is reported, and the
 * program's changes are undone, even if an index depends on memory that the program itself has changed.
 */
import { describe, expect, it } from 'vitest';
import { generator } from '../../src/emit/random.ts';
import {
  ArgumentError,
  compile,
  F,
  manualSeed,
  nn,
  noGrad,
  optim,
  rand,
  randn,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';
import { replayOf } from '../../src/program/compile.ts';
import { profile } from '../../src/program/profile.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { executors } from '../support/executors.ts';

const ints = (values: number[]) => tensor(values, { dtype: 'int32' });
const valuesOf = (tensors: Iterable<Tensor>) => Array.from(tensors, (t) => Array.from(t.dataSync()));
describe.each(executors)('computed indices on %s', (_, executor) => {
  const on = <T>(fn: () => T): T => withExecutor(executor, () => scope(fn));

  it('are reported by the first one out of range', () => {
    on(() => {
      const table = randn(5, 3);
      const two = compile((i: Tensor) => [table.indexSelect(0, i.mul(2)), table.gather(0, i.mul(3).unsqueeze(1))]);
      expect(two(ints([0, 1])).map(({ shape }) => shape)).toEqual([[2, 3], [2, 1]]); // biome-ignore format: shapes
      expect(() => two(ints([0, 2, 0, 3]).slice(0, 0, 2))).toThrow('gather: index 6 is out of range, expected 0 to 4');
      expect(() => two(ints([1, 3, 4, -5]))).toThrow('indexSelect: index 6 is out of range, expected 0 to 4');
      // The error belongs to that run only.
      expect(two(ints([0, 1]))[1]!.shape).toEqual([2, 1]);
    });
  });

  it('are read when the program reaches them', () => {
    on(() => {
      const table = tensor([1, 2, 3]);
      const next = ints([-1]);
      const walk = compile(() => {
        next.add_(1);
        return table.indexSelect(0, next);
      });
      expect([walk(), walk(), walk()].map((t) => t.item())).toEqual([1, 2, 3]);
      for (let i = 0; i < 2; i++) {
        expect(() => walk()).toThrow('indexSelect: index 3 is out of range, expected 0 to 2');
        expect(next.item()).toBe(2);
      }
      next.fill_(-1);
      expect(walk().item()).toBe(1);
      const bump = compile((i: Tensor) => table.indexSelect(0, i.add_(1)));
      const own = ints([0, 0, 2, 1]).slice(0, 1, 3);
      expect(() => bump(own)).toThrow('index 3 is out of range');
      expect(Array.from(own.dataSync())).toEqual([0, 2]);
    });
  });

  it('may be random: the numbers are drawn again', () => {
    on(() => {
      const table = randn(4, 2);
      const draw = compile((n: Tensor) => table.indexSelect(0, rand(3).mul(n).to('int32')));
      manualSeed(4);
      const first = Array.from(draw(tensor(4)).dataSync());
      const { state } = generator;
      expect(() => draw(tensor(1e6))).toThrow('indexSelect: index ');
      expect(generator.state).toEqual(state);
      manualSeed(4);
      expect(() => draw(tensor(-1e6))).toThrow('indexSelect: index -');
      expect(Array.from(draw(tensor(4)).dataSync())).toEqual(first);
    });
  });

  it.each(['SGD', 'Adam', 'NAdam'] as const)('of a second step of %s in one program undo the first', (name) => {
    on(() => {
      const make = () => {
        manualSeed(6);
        const table = randn(6, 3);
        table.requiresGrad = true;
        const optimizer = new optim[name]([table], { lr: 0.25 });
        const pass = (i: Tensor) => {
          optimizer.zeroGrad();
          F.embedding(i, table).square().sum().backward();
          optimizer.step();
        };
        const twice = compile((i: Tensor, shift: Tensor) => {
          pass(i);
          // It depends on the weights of the first step.
          pass(i.add(shift).add(noGrad(() => table.select(0, 0).sum().mul(0).to('int32'))));
          return table.sum();
        });
        const bits = () => {
          const { state } = optimizer.stateDict();
          return [
            valuesOf([table, table.grad!]),
            Object.values(state[0] ?? {}).map((v) =>
              typeof v === 'number' ? v : Array.from((v as Tensor).dataSync()),
            ),
          ];
        };
        return { twice, bits };
      };
      const [one, twin] = [make(), make()];
      const good = () => {
        for (const { twice } of [one, twin]) twice(ints([0, 3]), ints([2]));
        expect(one.bits()).toEqual(twin.bits());
      };
      good();
      good();
      const before = one.bits();
      expect(() => one.twice(ints([1, 4]), ints([2]))).toThrow('embedding: index 6 is out of range, expected 0 to 5');
      expect(() => one.twice(ints([7, 4]), ints([2]))).toThrow('embedding: index 7 is out of range, expected 0 to 5');
      expect(one.bits()).toEqual(before);
      good();
    });
  });

  it('do not change gradients from before the first run', () => {
    on(() => {
      const table = randn(3, 2);
      table.requiresGrad = true;
      const optimizer = new optim.SGD([table], { lr: 0.1 });
      table.square().sum().backward();
      const before = valuesOf([table, table.grad!]);
      const step = compile((i: Tensor) => {
        optimizer.zeroGrad();
        F.embedding(i.add(0), table).sum().backward();
        optimizer.step();
      });
      expect(() => step(ints([3]))).toThrow(ArgumentError);
      expect(valuesOf([table, table.grad!])).toEqual(before);
      step(ints([1]));
      expect(table.grad!.toArray()).toEqual([[0, 0], [1, 1], [0, 0]]); // biome-ignore format: a table
    });
  });

  it('are refused even if their result is unused, and for a table without rows', () => {
    on(() => {
      const table = randn(3, 2);
      const unused = compile((i: Tensor) => {
        table.indexSelect(0, i.mul(2));
        return i.add(0);
      });
      expect(() => unused(ints([2]))).toThrow('index 4 is out of range');
      const empty = zeros([0, 2]);
      const rows = compile((i: Tensor) => empty.indexSelect(0, i.mul(2)));
      expect(() => rows(ints([1]))).toThrow(ArgumentError);
    });
  });

  it('are checked before all commands that do not affect them', () => {
    on(() => {
      const [table, norm] = [new nn.Embedding(5, 3), new nn.BatchNorm1d(3)];
      const optimizer = new optim.Adam([...table.parameters(), ...norm.parameters()]);
      const step = compile((x: Tensor, y: Tensor) => {
        optimizer.zeroGrad();
        const loss = F.crossEntropy(norm.forward(table.forward(x)), y.to('int32'));
        loss.backward();
        optimizer.step();
        return loss;
      });
      step(ints([0, 4]), tensor([0, 2]));
      const { commands } = replayOf(step)!;
      expect(commands.slice(0, 4).map(({ opcode }) => opcode)).toEqual(['check', 'unary', 'check', 'takeRows']);
      expect(commands.slice(4).map(({ opcode }) => opcode)).not.toContain('check');
    });
  });

  it('leave no changes behind when a program is measured', () => {
    on(() => {
      const table = randn(3, 1);
      const x = tensor([0], { requiresGrad: true });
      x.sum().backward();
      // While it is measured, gradients are accumulated again and again.
      const rows = compile(() => {
        x.sum().backward();
        return table.indexSelect(0, x.grad!.to('int32'));
      });
      rows();
      profile(rows, { repeats: 1 });
      expect(x.grad!.item()).toBe(2);
      expect(executor.get(executor.fault, 'int32')).toBe(0);
    });
  });
});

import { describe, expect, it } from 'vitest';
import { ProgramBlock } from '../../bindings/commands/program.ts';
import { encodeAdam, encodeSgd } from '../../bindings/generated/encode.ts';
import { compile, nn, optim, scope, tensor } from '../../src/index.ts';
import { parse } from '../../src/program/commands.ts';
import { groupFrom } from '../../src/program/group.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { executors } from '../support/executors.ts';
import { inSandbox, kernelExecutors, randomFloats } from '../support/heap.ts';
import { allRows } from '../support/rows.ts';

const sgd = (block: ProgramBlock, at: number, n: number) =>
  encodeSgd(block, { param: at, grad: at + 1, velocity: 0, settings: at + 2, n, flags: 0, ...allRows });

describe('groupFrom', () => {
  it('makes one command of several, with their operands', () => {
    const block = new ProgramBlock(new Int32Array(64));
    sgd(block, 100, 1);
    const { length, commands } = block;
    sgd(block, 200, 2);
    sgd(block, 300, 3);
    groupFrom(block, length, commands);
    const [first, group, ...rest] = parse(block.words, block.length);
    expect(rest).toEqual([]);
    expect(block.commands).toBe(2);
    expect([first!.opcode, first!.get('param')]).toEqual(['sgd', 100]);
    expect([group!.opcode, group!.get('count')]).toEqual(['group', 2]);
    expect(group!.parts.map((part) => [part.opcode, part.get('param'), part.get('n')])).toEqual([
      ['sgd', 200, 2],
      ['sgd', 300, 3],
    ]);
    expect(group!.operands.map((operand) => [operand.name, operand.role, group!.address(operand)])).toEqual(
      [200, 300].flatMap((at) => [
        ['param', 'inout', at],
        ['grad', 'in', at + 1],
        ['settings', 'in', at + 2],
      ]),
    );
  });

  it('leaves a single command unchanged', () => {
    const block = new ProgramBlock(new Int32Array(64));
    sgd(block, 100, 1);
    groupFrom(block, 0, 0);
    expect(parse(block.words, block.length).map(({ opcode }) => opcode)).toEqual(['sgd']);
  });
});

describe.each(kernelExecutors)('a group on %s', (_, executor) => {
  it('gives the same bits as its commands one by one', () => {
    const run = (isGroup: boolean) =>
      inSandbox(executor, (box) => {
        const outputs = [1, 3, 17, 100, 5000].flatMap((n) => {
          const [param, grad, m, v] = [1, 2, 3, 4].map((seed) => box.put(randomFloats(n, seed, 0, 1)));
          const settings = box.put([0.1, 0.9, 0.1, 0.999, 0.001, 1e-8, 0.1, 0.5, 0.99]);
          encodeAdam(executor.program, { param: param!, grad: grad!, m: m!, v: v!, vMax: 0, settings, n, flags: 0 });
          return [param!, m!, v!];
        });
        if (isGroup) groupFrom(executor.program, 0, 0);
        expect(executor.program.commands).toBe(isGroup ? 1 : 5);
        box.run('group');
        return outputs.map((at) => box.floats(at));
      });
    const grouped = run(true);
    expect(grouped).toEqual(run(false));
  });
});

describe.each(executors)('steps on %s', (_, executor) => {
  const on = (fn: () => void) => () => withExecutor(executor, () => scope(fn));

  /** 150 parameters, more than fit into one program of the executor. */
  function problem() {
    const params = Array.from(
      { length: 150 },
      (_, i) => new nn.Parameter(tensor(randomFloats(1 + (i % 7), i + 1, -1, 1))),
    );
    const optimizer = new optim.Adam(params, { lr: 0.1 });
    const step = () => {
      optimizer.zeroGrad();
      for (const p of params) p.square().sum().backward();
      optimizer.step();
    };
    const numbers = () => params.map((p) => p.toArray());
    return { step, numbers };
  }

  it(
    'change every parameter, in one command if they are compiled',
    on(() => {
      const eager = problem();
      const start = eager.numbers();
      for (let i = 0; i < 3; i++) eager.step();
      const traced = problem();
      expect(traced.numbers()).toEqual(start);
      const step = compile(traced.step);
      for (let i = 0; i < 3; i++) step();
      expect(traced.numbers()).toEqual(eager.numbers());
      for (const [i, values] of eager.numbers().entries()) expect(values).not.toEqual(start[i]);
      expect(String(step.program)).toMatch(/group of 150 adam/);
      expect(String(step.program).match(/adam/g)).toHaveLength(1);
    }),
  );

  it(
    'accept gradients that are views',
    on(() => {
      const w = new nn.Parameter(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      );
      const b = new nn.Parameter(tensor([1, 1]));
      const optimizer = new optim.SGD([w, b], { lr: 1 });
      w.grad = tensor([
        [1, 2],
        [3, 4],
      ]).T;
      b.grad = tensor([1, 0]);
      optimizer.step();
      expect([w.toArray(), b.toArray()]).toEqual([
        [
          [0, -1],
          [1, 0],
        ],
        [0, 1],
      ]);
    }),
  );

  it(
    'give the same results with some parameters on another device',
    on(() => {
      const other = new nn.Parameter(tensor([2]).to('reference'));
      const own = new nn.Parameter(tensor([2]));
      const optimizer = new optim.SGD([other, own], { lr: 0.5 });
      for (const p of [other, own]) p.square().sum().backward();
      optimizer.step();
      expect([other.item(), own.item()]).toEqual([0, 0]);
    }),
  );
});

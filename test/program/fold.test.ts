import { describe, expect, it, vi } from 'vitest';
import { floatBits, ProgramBlock } from '../../bindings/commands/program.ts';
import { BinaryFn, encodeBinary, encodeRandom, encodeUnary, UnaryFn } from '../../bindings/generated/encode.ts';
import { compile, memory, nn, noGrad, optim, scope, type Tensor, tensor } from '../../src/index.ts';
import { parse } from '../../src/program/commands.ts';
import { replayOf } from '../../src/program/compile.ts';
import { foldConstants } from '../../src/program/fold.ts';
import { VirtualHeap } from '../../src/program/passes.ts';
import { VIRTUAL_START, type VirtualBuffer } from '../../src/program/recorder.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { executors } from '../support/executors.ts';

/** Outside blocks, each of 100 elements, identified by their numbers up to 9. */
const outside = (block: number) => 100 * block;
const sourceOf = (address: number) => (address < 1000 ? Math.floor(address / 100) : null);
const UNKNOWN = 5000;

/** The numbers of the commands that move into the prologue, its results and its sources, for a program on buffers of 32 elements. */
function fold(count: number, inputs: number[], encode: (block: ProgramBlock, b: number[]) => void) {
  const buffers = Array.from(
    { length: count },
    (_, i): VirtualBuffer => ({ start: VIRTUAL_START + 48 * i, length: 32 }),
  );
  const block = new ProgramBlock(new Int32Array(4096));
  encode(
    block,
    buffers.map(({ start }) => start),
  );
  const commands = parse(block.words, block.length);
  const varying = new Set(inputs.map((i) => buffers[i]!));
  const folded = foldConstants(commands, new VirtualHeap(buffers), {
    varying,
    sourceOf,
    stays: ({ opcode }) => opcode === 'random',
  });
  expect([...folded.prologue, ...folded.commands].length).toBe(commands.length);
  return {
    prologue: folded.prologue.map((command) => commands.indexOf(command)),
    results: [...folded.results].map((buffer) => buffers.indexOf(buffer)),
    sources: [...folded.sources],
  };
}

const exp = (block: ProgramBlock, x: number, y: number) =>
  encodeUnary(block, { fn: UnaryFn.exp, x, y, n: 32, p0: 0, p1: 0 });
const add = (block: ProgramBlock, a: number, b: number, y: number) =>
  encodeBinary(block, {
    ...{ fn: BinaryFn.add, a, b, y, scalar: floatBits(0) },
    ...{ ndim: 1, shape: [32], aStrides: [1], bStrides: [1] },
  });

describe('foldConstants', () => {
  it('moves commands that depend only on outside memory, also indirectly', () => {
    const folded = fold(4, [0], (block, [x, a, b, y]) => {
      exp(block, outside(1), a!);
      exp(block, x!, y!);
      add(block, a!, outside(2) + 7, b!);
      add(block, y!, b!, y!);
    });
    expect(folded).toEqual({ prologue: [0, 2], results: [2], sources: [1, 2] });
  });

  it('keeps commands on memory that the program itself changes, or whose changes are unknown', () => {
    const folded = fold(4, [0], (block, [x, a, b, c]) => {
      exp(block, outside(1), a!);
      exp(block, UNKNOWN, b!);
      exp(block, outside(2), c!);
      add(block, x!, c!, outside(1) + 50);
    });
    expect(folded).toEqual({ prologue: [2], results: [3], sources: [2] });
  });

  it('keeps results that outlive the run, and random numbers', () => {
    const folded = fold(3, [1], (block, [a, result, r]) => {
      exp(block, outside(1), a!);
      exp(block, a!, result!);
      encodeRandom(block, { fn: 0, y: r!, state: outside(3), offset: 0, n: 32, p0: 0, p1: 0 });
      exp(block, r!, r!);
    });
    expect(folded).toEqual({ prologue: [0], results: [0], sources: [1] });
  });

  it('moves in-place changes, unless a command that stays is in between', () => {
    const inPlace = fold(3, [0], (block, [x, a, y]) => {
      exp(block, outside(1), a!);
      exp(block, a!, a!);
      add(block, x!, a!, y!);
    });
    expect(inPlace).toEqual({ prologue: [0, 1], results: [1], sources: [1] });
    const between = fold(4, [0], (block, [x, a, y, z]) => {
      exp(block, outside(1), a!);
      add(block, x!, a!, y!);
      exp(block, a!, a!);
      add(block, y!, a!, z!);
    });
    expect(between).toEqual({ prologue: [], results: [], sources: [] });
  });

  it('keeps commands that read a buffer that the program fills later', () => {
    const folded = fold(3, [0], (block, [x, a, b]) => {
      exp(block, outside(1), a!);
      add(block, x!, x!, a!);
      exp(block, a!, b!);
    });
    expect(folded.prologue).toEqual([]);
  });
});

describe.each(executors)('the prologue on %s', (_, executor) => {
  const on = (fn: () => void) => () => withExecutor(executor, () => scope(fn));

  /** x + exp(w)·3 compiled, w, and a check that returns how often the prologue has run. */
  function program() {
    const w = new nn.Parameter(tensor([1, 2, 3]));
    const f = compile((x: Tensor) => noGrad(() => x.add(w.exp().mul(3))));
    const x = tensor([0, 0, 0]);
    let runs = 0;
    const check = () => {
      const wanted = noGrad(() => x.add(w.exp().mul(3))).toArray();
      expect(f(x).toArray()).toEqual(wanted);
      return runs;
    };
    check();
    const { loadedPrologue } = replayOf(f) as unknown as { loadedPrologue: { run(): void } };
    const run = loadedPrologue.run.bind(loadedPrologue);
    vi.spyOn(loadedPrologue, 'run').mockImplementation(() => {
      runs++;
      run();
    });
    return { w, f, check };
  }

  it(
    'runs once while nothing changes, and is listed with the program',
    on(() => {
      const { f, check } = program();
      check();
      expect(check()).toBe(0);
      expect(f.program).toMatchObject({ commands: 1, prologueCommands: 2, prologueBytes: 12 });
      expect(String(f.program)).toMatch(
        /0 {2}add.*\nprologue, when what it reads has changed: 2 commands, 0.0 KiB of results\n +0 {2}exp.*\n +1 {2}mul/,
      );
    }),
  );

  it.each<[string, (w: nn.Parameter) => void]>([
    ['an operation in place', (w) => noGrad(() => w.add_(1))],
    ['a part of it in place', (w) => noGrad(() => w.slice(0, 1, 2).mul_(5))],
    ['copy_', (w) => noGrad(() => w.copy_(tensor([3, 2, 1])))],
    ['nn.init', (w) => nn.init.constant_(w, 0.5)],
    ['manual randomness', (w) => nn.init.uniform_(w, 0, 1)],
    [
      'a step of an optimizer',
      (w) => {
        w.square().sum().backward();
        new optim.SGD([w], { lr: 0.1 }).step();
      },
    ],
    [
      'a compiled step of an optimizer',
      (w) => {
        const optimizer = new optim.Adam([w], { lr: 0.1 });
        const step = compile(() => {
          optimizer.zeroGrad();
          w.square().sum().backward();
          optimizer.step();
        });
        step();
        step();
      },
    ],
    [
      'loadStateDict',
      (w) => {
        class Holder extends nn.Module {
          weight = w;
          forward(): Tensor {
            return this.weight;
          }
        }
        new Holder().loadStateDict({ weight: tensor([7, 8, 9]) });
      },
    ],
    [
      'another program that it is the input of',
      (w) => {
        compile((t: Tensor) => noGrad(() => t.mul_(2)).sum())(w.detach());
      },
    ],
  ])('runs again after %s', (_, change) => {
    on(() => {
      const { w, check } = program();
      change(w);
      expect(check()).toBe(1);
      expect(check()).toBe(1);
      change(w);
      expect(check()).toBe(2);
    })();
  });

  it(
    'contains nothing that the program trains, and the program is still right',
    on(() => {
      const run = (wrap: (step: (x: Tensor) => Tensor) => (x: Tensor) => Tensor) => {
        const frozen = tensor([
          [2, -1],
          [0.5, 1],
        ]);
        const w = new nn.Parameter(
          tensor([
            [1, 2],
            [3, 4],
          ]),
        );
        const optimizer = new optim.SGD([w], { lr: 0.1 });
        const step = wrap((x) => {
          optimizer.zeroGrad();
          const loss = x.matmul(w).matmul(frozen.tanh()).square().mean();
          loss.backward();
          optimizer.step();
          return loss;
        });
        const x = tensor([[1, -1]]);
        return [1, 2, 3].map((i) => {
          if (i === 3) frozen.mul_(2);
          return [step(x).item(), w.toArray()];
        });
      };
      const flat = (values: unknown) => [values].flat(9) as number[];
      const [compiled, eager] = [flat(run((step) => compile(step))), flat(run((step) => step))];
      for (const [i, value] of eager.entries()) expect(compiled[i]).toBeCloseTo(value, 5);
    }),
  );

  it(
    'releases its memory',
    on(() => {
      const before = memory().bytesInUse;
      scope(() => {
        const { w, f } = program();
        f.dispose();
        w.dispose();
      });
      expect(memory().bytesInUse).toBe(before);
    }),
  );
});

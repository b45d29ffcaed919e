/** In-place changes through views while gradients are recorded: values and gradients are PyTorch's, or the change is refused. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  AutogradError,
  compile,
  grad,
  gradcheck,
  memory,
  noGrad,
  randn,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';
import { withExecutor } from '../../src/runtime/runtime.ts';
import { executors } from '../support/executors.ts';

type Step = [name: string, ...rest: (number | number[])[]];

interface Program {
  leaves: { shape: number[]; data: number[] }[];
  steps: Step[];
  values: number[][];
  gradients: number[][];
}

const programs = readFileSync(new URL('../golden/views.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Program);

function apply(tensors: Tensor[], [name, ...rest]: Step): void {
  const [x, other] = rest.map((part) => tensors[part as number]!) as [Tensor, Tensor];
  const [, a, b, c, d] = rest as number[];
  const list = rest[1] as number[];
  const made: Record<string, () => Tensor> = {
    zeros: () => zeros(rest[0] as number[]),
    scale: () => x.mul(a!),
    add: () => x.add(other),
    mul: () => x.mul(other),
    clone: () => x.clone(),
    reshape: () => x.reshape(list),
    unsqueeze: () => x.unsqueeze(a!),
    select: () => x.select(a!, b!),
    slice: () => x.slice(a!, b, c, d),
    permute: () => x.permute(list),
    expand: () => x.expand(list),
  };
  const changes: Record<string, () => Tensor> = {
    copy_: () => x.copy_(other),
    add_: () => x.add_(other),
    mul_: () => x.mul_(other),
    scale_: () => x.mul_(a!),
    zero_: () => x.zero_(),
    fill_: () => x.fill_(a!),
  };
  if (name in made) tensors.push(made[name]!());
  else changes[name]!();
}

/** A weight for every element, as in the script. */
function weighed(t: Tensor, k: number): Tensor {
  const values = Float32Array.from({ length: t.numel }, (_, i) => (i % 5) + (k % 3) + 1);
  return t.mul(tensor(values, { shape: [...t.shape] })).sum();
}

const flat = (t: Tensor) => [...t.dataSync()];

/** The tensors of a program, leaves first, and its loss. */
function run({ steps }: Program, leaves: readonly Tensor[]): { tensors: Tensor[]; loss: Tensor } {
  const tensors = [...leaves];
  for (const step of steps) apply(tensors, step);
  return { tensors, loss: tensors.map(weighed).reduce((a, b) => a.add(b)) };
}

describe.each(executors)('programs of views and changes in place on %s', (_, executor) => {
  const each = (check: (program: Program, leaves: Tensor[], name: string) => void) => {
    for (const [i, program] of programs.entries()) {
      withExecutor(executor, () =>
        scope(() => {
          const leaves = program.leaves.map(({ shape, data }) => tensor(data, { shape, requiresGrad: true }));
          check(program, leaves, `program ${i}: ${JSON.stringify(program.steps)}`);
        }),
      );
    }
  };

  it('give the results of PyTorch', () => {
    each((program, leaves, name) => {
      const { tensors, loss } = run(program, leaves);
      expect(tensors.map(flat), name).toEqual(program.values);
      loss.backward();
      expect(
        leaves.map((leaf) => flat(leaf.grad!)),
        name,
      ).toEqual(program.gradients);
    });
  });

  it('give the results of PyTorch when compiled', () => {
    each((program, leaves, name) => {
      const step = compile(() => {
        for (const leaf of leaves) leaf.grad = null;
        const { tensors, loss } = run(program, leaves);
        loss.backward();
        return tensors;
      });
      for (let call = 0; call < 2; call++) {
        expect(step().map(flat), name).toEqual(program.values);
        expect(
          leaves.map((leaf) => flat(leaf.grad!)),
          name,
        ).toEqual(program.gradients);
      }
      step.dispose();
    });
  });

  it('release all memory', () => {
    withExecutor(executor, () => {
      scope(() =>
        run(
          programs[0]!,
          programs[0]!.leaves.map(({ shape, data }) => tensor(data, { shape, requiresGrad: true })),
        ),
      );
      const before = memory().bytesInUse;
      const { tensors } = memory();
      each((program, leaves) => void run(program, leaves));
      each((program, leaves) => run(program, leaves).loss.backward());
      expect(memory().bytesInUse).toBe(before);
      expect(memory().tensors).toBe(tensors);
    });
  });
});

describe('changes through views', () => {
  const leaf = (values: Parameters<typeof tensor>[0]) => tensor(values, { requiresGrad: true });

  it('can fill a tensor that does not require grad, row by row', () => {
    const x = leaf([1, 2, 3]);
    const out = zeros(2, 3);
    const early = out.T;
    for (let i = 0; i < 2; i++) out.select(0, i).copy_(x.mul(i + 1));
    expect([out.requiresGrad, early.requiresGrad]).toEqual([true, true]);
    out
      .mul(tensor([[1], [10]]))
      .sum()
      .backward();
    expect(x.grad!.toArray()).toEqual([21, 21, 21]);
  });

  it('can set a part to zero', () => {
    const x = leaf([
      [1, 2],
      [3, 4],
    ]);
    const b = x.mul(2);
    b.select(0, 0).zero_();
    b.sum().backward();
    expect(x.grad!.toArray()).toEqual([
      [0, 0],
      [2, 2],
    ]);
  });

  it('have gradients that agree with finite differences and can be differentiated again', () => {
    const inside = (x: Tensor, y: Tensor) => {
      const b = x.mul(x);
      const t = b.T;
      b.slice(1, 0, 3, 2).mul_(y.exp());
      t.select(0, 1).add_(b.select(1, 2));
      return t.square().sum().add(b.sum());
    };
    const inputs = [randn(2, 3, { requiresGrad: true }), randn(2, 2, { requiresGrad: true })];
    gradcheck(inside, inputs);
    gradcheck(
      (x, y) =>
        grad(inside(x, y), [x, y], { createGraph: true })
          .map((g) => g.square().sum())
          .reduce((a, b) => a.add(b)),
      inputs,
    );
  });

  it('keep detached tensors separate', () => {
    const x = leaf([1, 2]);
    const b = x.mul(3);
    const d = b.detach();
    b.slice(0, 0, 1).mul_(x.slice(0, 0, 1));
    expect([d.requiresGrad, b.requiresGrad, d.toArray()]).toEqual([false, true, [3, 6]]);
    const state = b.detach();
    state.select(0, 1).copy_(x.select(0, 0));
    expect(state.requiresGrad).toBe(true);
    state.sum().backward();
    expect(x.grad!.toArray()).toEqual([1, 0]);
  });

  it('are refused for views of leaves and views made inside noGrad(), and change nothing', () => {
    const x = leaf([1, 2]);
    const late = zeros(2);
    const view = late.slice(0, 0, 1);
    late.requiresGrad = true;
    const b = x.mul(2);
    const quiet = noGrad(() => b.slice(0, 0, 1));
    const refusals: [() => unknown, RegExp][] = [
      [
        () => x.slice(0, 0, 1).zero_(),
        /zero_: a view of a leaf that requires grad can be changed only inside noGrad\(\)/,
      ],
      [() => x.reshape(2).copy_(zeros(2)), /copy_: a view of a leaf/],
      [() => view.zero_(), /zero_: a view of a leaf/],
      [() => view.copy_(x.slice(0, 0, 1)), /copy_: a view of a leaf/],
      [() => quiet.copy_(x.slice(0, 0, 1)), /copy_: a view that was made inside noGrad\(\) cannot be changed/],
    ];
    for (const [change, message] of refusals) {
      expect(change).toThrow(AutogradError);
      expect(change).toThrow(message);
    }
    expect([x, late, b].map((t) => t.toArray())).toEqual([
      [1, 2],
      [0, 0],
      [2, 4],
    ]);
    noGrad(() => x.slice(0, 0, 1).zero_());
    expect(x.toArray()).toEqual([0, 2]);
    // A view that becomes a leaf itself does not affect other views.
    noGrad(() => zeros(2).slice(0, 0, 1)).requiresGrad = true;
    const other = noGrad(() => zeros(2).slice(0, 0, 1));
    expect(other.fill_(1).toArray()).toEqual([1]);
  });

  it('are detected by operations that saved the elements before', () => {
    const x = leaf([1, 2]);
    const b = x.mul(2);
    const square = b.square();
    b.slice(0, 0, 1).zero_();
    expect(() => square.sum().backward()).toThrow(/was changed in place after it had been used/);
  });
});

describe('a gradient that was assigned', () => {
  it('is accumulated in place, in its own strides', () => {
    const w = tensor(
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      { requiresGrad: true },
    );
    const given = zeros(3, 2);
    w.grad = given.T;
    w.square().sum().backward();
    expect(w.grad!.toArray()).toEqual([
      [2, 4, 6],
      [8, 10, 12],
    ]);
    expect(given.toArray()).toEqual([
      [2, 8],
      [4, 10],
      [6, 12],
    ]);
    w.grad = zeros(2, 1).expand([2, 3]);
    expect(() => w.square().sum().backward()).toThrow(/backward: the tensor \[2,3\] repeats its elements/);
  });

  it('is refused where its shape or type differs from those of the leaf', () => {
    const w = tensor([1, 2, 3], { requiresGrad: true });
    w.grad = zeros(4);
    expect(() => w.sum().backward()).toThrow('backward: grad of a leaf [3] is [4]');
    w.grad = zeros(3).to('int32');
    expect(() => w.sum().backward()).toThrow('backward: grad of a leaf is int32, expected float32');
  });
});

describe('a view', () => {
  it('of a parameter can be used in several backward passes', () => {
    const w = tensor(
      [
        [1, 2],
        [3, 4],
      ],
      { requiresGrad: true },
    );
    const views = [w.T, w.reshape(4).unsqueeze(0), w.select(0, 1).expand([3, 2]), w.slice(1, 0, 1)];
    for (let pass = 1; pass <= 3; pass++) {
      w.grad = null;
      for (const view of views) view.square().sum().backward();
      expect(w.grad!.toArray()).toEqual([
        [6, 8],
        [36, 40],
      ]);
    }
  });

  it('of a result cannot be used again after its saved values were freed', () => {
    const w = tensor([1, 2], { requiresGrad: true });
    const view = w.exp().reshape(2, 1);
    view.sum().backward();
    expect(() => view.sum().backward()).toThrow(/has been freed by an earlier backward/);
  });
});

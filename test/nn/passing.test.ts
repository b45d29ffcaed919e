/** Chains of layers free what only they have seen, and nothing else. */
import { describe, expect, it } from 'vitest';
import { compile, keep, memory, models, nn, noGrad, randn, scope, type Tensor } from '../../src/index.ts';

/** Keeps what it is given and what it gives. */
class Tap extends nn.Module {
  readonly seen: Tensor[] = [];
  forward(x: Tensor): Tensor {
    const y = x.relu();
    this.seen.push(x, y);
    return y;
  }
}

class TappedLinear extends nn.Linear {
  readonly seen: Tensor[] = [];
  override forward(x: Tensor): Tensor {
    const y = super.forward(x);
    this.seen.push(x, y);
    return y;
  }
}

/** Tensors that a call leaves behind. */
function leftBy(fn: () => unknown): number {
  return scope(() => {
    const before = memory().tensors;
    fn();
    return memory().tensors - before;
  });
}

const layers = () => [new nn.Linear(4, 8), new nn.Tanh(), new nn.Dropout(0.5), new nn.Identity(), new nn.Linear(8, 3)];

const graphOf = (...modules: nn.Module[]) => {
  const graph = new nn.Graph();
  const input = graph.input([4]);
  const output = modules.reduce((value, module) => graph.apply(module, value), input);
  return graph.model({ inputs: [input], outputs: [output] });
};

const chains = {
  Sequential: (...modules: nn.Module[]) => new nn.Sequential(...(modules as nn.Linear[])),
  'a Sequential in another': (...modules: nn.Module[]) =>
    new nn.Sequential(new nn.Sequential(...(modules as nn.Linear[])), new nn.Identity()),
  Graph: graphOf,
};

describe.each(Object.entries(chains))('%s', (_, chain) => {
  it('leaves its result only', () => {
    const x = randn(2, 4);
    for (const isTraining of [true, false]) {
      const model = chain(...layers());
      model.train(isTraining);
      expect(leftBy(() => model.forward(x))).toBe(1);
      expect(leftBy(() => noGrad(() => model.forward(x)))).toBe(1);
    }
    expect(x.isDisposed).toBe(false);
  });

  it('has the gradients that it would have', () => {
    scope(() => {
      const modules = layers();
      const model = chain(...modules);
      model.eval();
      const x = randn(2, 4, { requiresGrad: true });
      (model.forward(x) as Tensor).square().sum().backward();
      const got = [x, ...model.parameters()].map(({ grad }) => grad!.toArray());
      for (const t of [x, ...model.parameters()]) t.grad = null;
      modules
        .reduce((y, module) => (module as nn.Linear).forward(y), x)
        .square()
        .sum()
        .backward();
      expect(got).toEqual([x, ...model.parameters()].map(({ grad }) => grad!.toArray()));
    });
  });

  it('never frees its input, or a result that is its input', () => {
    scope(() => {
      const x = randn(2, 4);
      const model = chain(new nn.Dropout(0.5), new nn.Identity(), new nn.Dropout(0.1));
      model.eval();
      expect(model.forward(x)).toBe(x);
      const longer = chain(new nn.Dropout(0.5), new nn.Identity(), new nn.ReLU());
      longer.eval();
      longer.forward(x);
      expect(x.toArray()).toHaveLength(2);
    });
  });

  it('frees nothing that a module, a class that extends a layer, or a hook may have kept', () => {
    scope(() => {
      const x = randn(2, 4);
      const tap = new Tap();
      const tapped = new TappedLinear(8, 8);
      const hooked = new nn.Tanh();
      const seen: Tensor[] = [];
      const { forward } = nn.Tanh.prototype;
      hooked.forward = (given: Tensor) => {
        const y = forward.call(hooked, given);
        seen.push(given, y);
        return y;
      };
      const model = chain(
        new nn.Linear(4, 8),
        tap,
        new nn.Dropout(0.5),
        tapped,
        new nn.Identity(),
        new nn.ReLU(),
        hooked,
        new nn.Sigmoid(),
      );
      model.eval();
      const y = model.forward(x) as Tensor;
      for (const t of [...tap.seen, ...tapped.seen, ...seen, y]) expect(t.toArray()).toHaveLength(2);
    });
  });

  it('works compiled', () => {
    scope(() => {
      const model = chain(...layers());
      model.eval();
      const x = randn(2, 4);
      const wanted = (model.forward(x) as Tensor).toArray();
      expect(compile((t: Tensor) => model.forward(t) as Tensor)(x).toArray()).toEqual(wanted);
    });
  });
});

it('leaves nothing when a layer refuses what the one before has made', () => {
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.Tanh(), new nn.Linear(7, 3));
  const x = randn(2, 4);
  const before = memory().tensors;
  expect(() => model.forward(x)).toThrow('linear: input [2,8]');
  expect(memory().tensors).toBe(before);
});

describe.each([
  ['resnet18', () => models.resnet18({ numClasses: 3 })],
  ['mobilenetV2', () => models.mobilenetV2({ numClasses: 3 })],
] as const)('%s', (_, make) => {
  const picture = () => randn(2, 3, 32, 32);

  it('leaves its result only, with the same gradients', () => {
    const model = make();
    model.eval();
    const x = picture();
    expect(leftBy(() => noGrad(() => model.forward(x)))).toBe(1);
    expect(leftBy(() => model.forward(x))).toBe(1);
    scope(() => model.forward(x).square().sum().backward());
    expect(model.parameters().every(({ grad }) => grad !== null)).toBe(true);
  });

  it('frees nothing that a module put into it may have kept', () => {
    const model = make();
    const tap = new Tap();
    Object.assign(model, 'fc' in model ? { fc: tap } : { classifier: tap });
    model.eval();
    scope(() => {
      model.forward(picture());
      for (const t of tap.seen) expect(t.shape[0]).toBe(2);
      expect(tap.seen.map(({ isDisposed }) => isDisposed)).toEqual([false, false]);
    });
  });
});

describe('Graph', () => {
  it('keeps values until their last use, and what functions have seen', () => {
    scope(() => {
      const graph = new nn.Graph();
      const input = graph.input([4]);
      const seen: Tensor[] = [];
      const a = graph.apply(new nn.Linear(4, 4), input);
      const b = graph.apply(new nn.Identity(), a);
      const c = graph.add(a, b, b);
      const d = graph.apply(new nn.ReLU(), c);
      const e = graph.apply((t: Tensor) => {
        seen.push(t);
        return t;
      }, d);
      const f = graph.apply(new nn.Tanh(), e);
      const g = graph.concat([a, f]);
      const model = graph.model({ inputs: [input], outputs: [g, c] });
      const x = randn(2, 4);
      const before = memory().tensors;
      const [joined, sum] = model.forward(x) as Tensor[];
      // Both results, and what the function has seen.
      expect(memory().tensors - before).toBe(3);
      expect([joined!.shape, sum!.shape, seen[0]!.shape]).toEqual([
        [2, 8],
        [2, 4],
        [2, 4],
      ]);
      expect(sum!.toArray()).toEqual(joined!.slice(1, 0, 4).mul(3).toArray());
      expect(seen[0]!.toArray()).toEqual(sum!.relu().toArray());
    });
  });

  it('frees nothing that was given to keep', () => {
    scope(() => {
      const kept: Tensor[] = [];
      const graph = new nn.Graph();
      const input = graph.input([4]);
      const a = graph.apply((t: Tensor) => {
        kept.push(keep(t.neg()));
        return kept[0]!;
      }, input);
      graph.model({ inputs: [input], outputs: [graph.apply(new nn.ReLU(), a)] }).forward(randn(1, 4));
      expect(kept[0]!.isDisposed).toBe(false);
      kept[0]!.dispose();
    });
  });
});

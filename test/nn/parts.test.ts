/** Containers, graphs, summaries, gradient clipping, frozen parameters, the Boltzmann machine. */
import { describe, expect, it } from 'vitest';
import {
  compile,
  eye,
  F,
  manualSeed,
  nn,
  optim,
  randn,
  scope,
  summary,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';
import { inUse } from '../support/inUse.ts';

const SEED = 29;

describe('containers', () => {
  it('ModuleList gives its modules by position, and is iterable', () => {
    const list = new nn.ModuleList([new nn.Linear(2, 3), new nn.Linear(3, 1, { bias: false })]);
    list.append(new nn.Linear(1, 1));
    expect([list.length, [...list].length, list.at(-1)]).toEqual([3, 3, list[2]]);
    expect(Object.keys(list.stateDict())).toEqual(['0.weight', '0.bias', '1.weight', '2.weight', '2.bias']);
    expect(() => list.forward()).toThrow('ModuleList: has no forward');
    expect(() => list.append(3 as never)).toThrow('ModuleList: modules[3] is not a module');
    list.dispose();
  });

  it('ModuleDict gives its modules by name', () => {
    const heads = new nn.ModuleDict<nn.Module>({ a: new nn.Linear(2, 1) });
    heads.set('b', new nn.Linear(2, 2));
    expect([heads.keys(), heads.has('a'), heads.has('c')]).toEqual([['a', 'b'], true, false]);
    expect(Object.keys(heads.stateDict())).toEqual(['a.weight', 'a.bias', 'b.weight', 'b.bias']);
    expect(() => heads.get('c')).toThrow('ModuleDict: no module c (there are a, b)');
    for (const name of ['forward', 'x.y', '', 'training'])
      expect(() => heads.set(name, new nn.ReLU())).toThrow('cannot be a name');
    heads.dispose();
  });
});

describe('Graph', () => {
  it('runs skip connections, shared layers, several inputs and outputs', () => {
    scope(() => {
      const g = new nn.Graph();
      const [x, z] = [g.input([3]), g.input([2])];
      const shared = new nn.Linear(3, 3);
      const h = g.apply(shared, g.apply(shared, x));
      const both = g.concat([g.add(x, h), z]);
      const y = g.apply(new nn.Linear(5, 1), both);
      const model = g.model({ inputs: [x, z], outputs: [y, g.apply((t) => t.mul(2), h)] });
      expect(Object.keys(model.stateDict())).toEqual(['layer0.weight', 'layer0.bias', 'layer1.weight', 'layer1.bias']);
      const [a, b] = [randn(4, 3), randn(4, 2)];
      const [first, second] = model.forward(a, b) as Tensor[];
      const twice = shared.forward(shared.forward(a));
      expect(second!.toArray()).toEqual(twice.mul(2).toArray());
      expect(first!.shape).toEqual([4, 1]);
      first!.sum().backward();
      expect(shared.weight.grad!.abs().sum().item()).toBeGreaterThan(0);
      expect(() => model.forward(a)).toThrow('Graph: expected 2 inputs, got 1');
      expect(() => model.forward(b, b)).toThrow('Graph: input 0 must be [N,3], got [4,2]');
      expect(() => g.model({ inputs: [z], outputs: [y] })).toThrow('an output depends on an input [3]');
      expect(() => g.add(new nn.Graph().input([1]))).toThrow('Graph.add: expected values of this graph');
      model.dispose();
    });
  });
});

describe('summary', () => {
  it('shows layers, shapes and parameters, and does not change the model', () => {
    const model = new nn.Sequential(new nn.Linear(4, 3), new nn.Dropout(0.5), new nn.Linear(3, 2));
    model[2]!.requiresGrad_(false);
    const before = inUse();
    expect(
      summary(model, [1, 4])
        .split('\n')
        .map((line) => line.replace(/ +/g, ' ')),
    ).toEqual([
      'Layer Output shape Parameters',
      expect.stringMatching(/^─+$/),
      '0 (Linear) [1, 3] 15',
      '1 (Dropout) [1, 3] 0',
      '2 (Linear) [1, 2] 8',
      expect.stringMatching(/^─+$/),
      'Parameters: 23',
      'Trained: 15',
      'Frozen: 8',
    ]);
    expect(inUse()).toEqual(before);
    expect([model.training, Object.hasOwn(model[1]!, 'forward')]).toEqual([true, false]);
    model.dispose();
  });
});

describe('gradient clipping', () => {
  const withGradients = () => {
    const [a, b, none] = [zeros([2], { requiresGrad: true }), zeros([1], { requiresGrad: true }), zeros(3)];
    a.grad = tensor([3, 0]);
    b.grad = tensor([-4]);
    return [a, b, none];
  };

  it('clipGradNorm_ scales all gradients together, and returns the norm', () => {
    const [a, b, none] = withGradients() as [Tensor, Tensor, Tensor];
    expect(nn.utils.clipGradNorm_([a, b, none], 10).item()).toBe(5);
    expect(a.grad!.toArray()).toEqual([3, 0]);
    expect(nn.utils.clipGradNorm_([a, b], 1, { normType: 2 }).item()).toBe(5);
    expect(b.grad!.item()).toBeCloseTo(-0.8, 5);
    expect(nn.utils.clipGradNorm_([a, b], 0.4, { normType: Infinity }).item()).toBeCloseTo(0.8, 5);
    expect(a.grad!.dataSync()[0]).toBeCloseTo(0.3, 5);
    expect(nn.utils.clipGradNorm_([none], 1).item()).toBe(0);
  });

  it('clipGradValue_ limits each element', () => {
    const [a, b] = withGradients() as [Tensor, Tensor];
    nn.utils.clipGradValue_([a, b], 2);
    expect([a.grad!.toArray(), b.grad!.toArray()]).toEqual([[2, 0], [-2]]);
  });

  it('works in compiled steps', () => {
    scope(() => {
      const w = new nn.Parameter(tensor([10, 0]));
      const optimizer = new optim.SGD([w], { lr: 1 });
      const step = compile((x: Tensor) => {
        optimizer.zeroGrad();
        w.mul(x).sum().backward();
        nn.utils.clipGradNorm_([w], 1);
        optimizer.step();
      });
      step(tensor([3, 4]));
      expect(w.toArray()).toEqual([expect.closeTo(9.4, 5), expect.closeTo(-0.8, 5)]);
    });
  });
});

it('frozen parameters cost nothing in the backward pass', () => {
  scope(() => {
    const commandsOf = (frozen: boolean) => {
      const [below, above] = [new nn.Linear(4, 4), new nn.Linear(4, 2)];
      below.requiresGrad_(!frozen);
      const step = compile((x: Tensor) => {
        for (const layer of [below, above]) layer.zeroGrad();
        const loss = above.forward(below.forward(x).tanh()).square().mean();
        loss.backward();
        return loss;
      });
      step(randn(3, 4));
      expect(below.weight.grad).toEqual(frozen ? null : expect.anything());
      return step.program!.commands;
    };
    // Input gradient of `above`, tanh's, and weight and bias gradients of `below`.
    expect(commandsOf(false) - commandsOf(true)).toBe(4);
  });
});

it.each([
  [[5, 3], 1],
  [[3, 5], 2],
  [[4, 2, 3], 1],
  [[4, 4], 0.5],
])('orthogonal_ makes %j with gain %s orthogonal', (shape, gain) => {
  manualSeed(SEED);
  const q = nn.init.orthogonal_(zeros(shape), gain).reshape(shape[0]!, -1);
  const [rows, cols] = q.shape as [number, number];
  const gram = rows < cols ? q.matmul(q.T) : q.T.matmul(q);
  const distance = gram.sub(eye(Math.min(rows, cols)).mul(gain * gain));
  expect(distance.abs().max().item(), `seed ${SEED}`).toBeLessThan(1e-5);
});

it('an RBM learns to reconstruct two patterns', () => {
  manualSeed(SEED);
  scope(() => {
    const rbm = new nn.RBM(6, 4);
    const rows = Array.from({ length: 20 }, (_, i) => (i % 2 ? [1, 1, 1, 0, 0, 0] : [0, 0, 0, 1, 1, 1]));
    const v = tensor(rows);
    const first = rbm.contrastiveDivergence(v, { k: 2, lr: 0.5 }).item();
    const seen = new Set<string>();
    for (let i = 0; i < 150; i++) {
      scope(() => {
        rbm.contrastiveDivergence(v, { lr: 0.5 });
      });
      seen.add(JSON.stringify(inUse()));
    }
    expect(rbm.contrastiveDivergence(v, { lr: 0.5 }).item(), `seed ${SEED}`).toBeLessThan(first / 3);
    expect(seen.size).toBe(1);
    const { probabilities, samples } = rbm.sampleHidden(v);
    expect([probabilities.shape, new Set(samples.dataSync())]).toEqual([[20, 4], new Set([0, 1])]);
    expect(rbm.forward(v).shape).toEqual([20, 6]);
    rbm.dispose();
  });
});

describe('modules of activations and losses', () => {
  it('give the results of their functions', () => {
    scope(() => {
      const x = randn(4, 3);
      const pairs: [nn.Layer, Tensor][] = [
        [new nn.Identity(), x],
        [new nn.BinaryStep(), F.binaryStep(x)],
        [new nn.ArcTan(), x.atan()],
        [new nn.ReLU6(), F.relu6(x)],
        [new nn.LeakyReLU({ negativeSlope: 0.2 }), F.leakyRelu(x, { negativeSlope: 0.2 })],
        [new nn.PReLU({ numParameters: 3, init: 0.1 }), F.leakyRelu(x, { negativeSlope: 0.1 })],
        [new nn.ELU({ alpha: 2 }), F.elu(x, { alpha: 2 })],
        [new nn.SELU(), F.selu(x)],
        [new nn.CELU({ alpha: 2 }), F.celu(x, { alpha: 2 })],
        [new nn.GELU({ approximate: 'tanh' }), F.gelu(x, { approximate: 'tanh' })],
        [new nn.SiLU(), F.silu(x)],
        [new nn.Mish(), F.mish(x)],
        [new nn.Softplus({ beta: 2 }), F.softplus(x, { beta: 2 })],
        [new nn.Softsign(), F.softsign(x)],
        [new nn.Hardtanh({ maxVal: 0.5 }), F.hardtanh(x, { maxVal: 0.5 })],
        [new nn.Hardsigmoid(), F.hardsigmoid(x)],
        [new nn.Hardswish(), F.hardswish(x)],
      ];
      for (const [layer, y] of pairs)
        expect(layer.forward(x).sub(y).abs().max().item(), String(layer)).toBeLessThan(1e-7);
      const [a, b] = [randn(4, 3), x.sigmoid()];
      const labels = tensor([0, 2, 1, 1], { dtype: 'int32' });
      const signs = tensor([1, -1, 1, -1]);
      const losses: [Tensor, Tensor][] = [
        [new nn.L1Loss().forward(a, b), F.l1Loss(a, b)],
        [new nn.SmoothL1Loss({ beta: 0.5 }).forward(a, b), F.smoothL1Loss(a, b, { beta: 0.5 })],
        [new nn.HuberLoss({ delta: 0.5 }).forward(a, b), F.huberLoss(a, b, { delta: 0.5 })],
        [new nn.BCEWithLogitsLoss().forward(a, b), F.binaryCrossEntropyWithLogits(a, b)],
        [new nn.NLLLoss({ reduction: 'sum' }).forward(a, labels), F.nllLoss(a, labels, { reduction: 'sum' })],
        [new nn.KLDivLoss({ reduction: 'batchmean' }).forward(a, b), F.klDiv(a, b, { reduction: 'batchmean' })],
        [F.klDiv(tensor(-1), tensor(0.5), { reduction: 'batchmean' }), F.klDiv(tensor(-1), tensor(0.5))],
        [new nn.FocalLoss({ gamma: 1 }).forward(a, labels), F.focalLoss(a, labels, { gamma: 1 })],
        [
          new nn.HingeEmbeddingLoss({ margin: 2 }).forward(signs, signs),
          F.hingeEmbeddingLoss(signs, signs, { margin: 2 }),
        ],
        [new nn.CosineEmbeddingLoss().forward(a, b, signs), F.cosineEmbeddingLoss(a, b, signs)],
      ];
      for (const [got, wanted] of losses) expect(got.item()).toBe(wanted.item());
    });
  });
});

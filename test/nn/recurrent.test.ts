/** Recurrent layers: names, options, refusals, memory, long sequences, and second derivatives of cells. */
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  AutogradError,
  compile,
  DeviceError,
  DTypeError,
  F,
  grad,
  gradcheck,
  manualSeed,
  memory,
  nn,
  noGrad,
  optim,
  randn,
  ShapeError,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';
import { check } from '../support/refusals.ts';

const wrong = (x: unknown) => x as never;
const kinds = { RNN: nn.RNN, LSTM: nn.LSTM, GRU: nn.GRU };
const gates = { RNN: 1, LSTM: 4, GRU: 3 };

describe.each(['RNN', 'LSTM', 'GRU'] as const)('%s', (kind) => {
  it("has PyTorch's names and shapes", () => {
    const layer = new kinds[kind](3, 5, { numLayers: 2, bidirectional: true });
    const n = gates[kind] * 5;
    const shapes = Object.entries(layer.stateDict()).map(([name, { shape }]) => [name, shape]);
    const of = (suffix: string, inputs: number) => [
      [`weight_ih_${suffix}`, [n, inputs]],
      [`weight_hh_${suffix}`, [n, 5]],
      [`bias_ih_${suffix}`, [n]],
      [`bias_hh_${suffix}`, [n]],
    ];
    expect(shapes).toEqual([...of('l0', 3), ...of('l0_reverse', 3), ...of('l1', 10), ...of('l1_reverse', 10)]);
    const bare = new kinds[kind](3, 5, { bias: false });
    expect(Object.keys(bare.stateDict())).toEqual(['weight_ih_l0', 'weight_hh_l0']);
    for (const part of [layer, bare]) part.dispose();
  });

  it('starts uniform in ±1/√hiddenSize', () => {
    const layer = new kinds[kind](3, 16);
    const values = layer.parameters().flatMap((p) => Array.from(p.dataSync()));
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(0.25);
    expect(Math.max(...values)).toBeGreaterThan(0.23);
    expect(Math.min(...values)).toBeLessThan(-0.23);
    layer.dispose();
  });

  it('drops between layers only in training', () => {
    manualSeed(3);
    const layer = new kinds[kind](2, 4, { numLayers: 2, dropout: 0.5 });
    scope(() => {
      const x = randn(3, 2, 2);
      const run = () => Array.from((layer.forward(x)[0] as Tensor).dataSync());
      expect(run()).not.toEqual(run());
      layer.eval();
      expect(run()).toEqual(run());
    });
    layer.dispose();
  });

  it('leaves memory flat: eager, compiled, without gradients, with lengths', () => {
    const layer = new kinds[kind](3, 5, { numLayers: 2, bidirectional: true, dropout: 0.1 });
    const optimizer = new optim.Adam(layer.parameters());
    const x = randn(4, 6, 3);
    const lengths = tensor([4, 2, 1, 3, 4, 2], { dtype: 'int32' });
    const step = () => {
      optimizer.zeroGrad();
      const [out, final] = layer.forward(x, null, { lengths });
      const loss = [out, ...[final].flat()].map((y) => y.square().sum()).reduce((a, b) => a.add(b));
      loss.backward();
      optimizer.step();
      return loss;
    };
    const compiled = compile(step);
    const seen = new Set<string>();
    for (let i = 0; i < 200; i++) {
      scope(() => void step());
      scope(() => void compiled());
      scope(() => void noGrad(() => layer.forward(x)));
      if (i > 1) seen.add(JSON.stringify(memory()));
    }
    expect([...seen]).toHaveLength(1);
    expect(layer.parameters().every((p) => p.dataSync().every(Number.isFinite))).toBe(true);
    compiled.dispose();
    for (const part of [optimizer, layer, x, lengths]) part.dispose();
  });

  it('stays finite over 2,000 steps, forward and backward', () => {
    manualSeed(5);
    const layer = new kinds[kind](2, 8);
    scope(() => {
      const [out] = layer.forward(randn(2000, 4, 2));
      expect(out.dataSync().every((y) => Math.abs(y) <= 1)).toBe(true);
      out.square().mean().backward();
      for (const p of layer.parameters()) {
        const g = p.grad!.dataSync();
        expect(g.every(Number.isFinite)).toBe(true);
        expect(g.some((y) => y !== 0)).toBe(true);
      }
    });
    layer.dispose();
  });

  it('cannot be differentiated twice, and says so', () => {
    const layer = new kinds[kind](2, 3);
    scope(() => {
      const [out] = layer.forward(randn(3, 2, 2));
      expect(() => grad(out.sum(), layer.parameters(), { createGraph: true })).toThrow(AutogradError);
    });
    layer.dispose();
  });

  it('accepts an empty batch', () => {
    const layer = new kinds[kind](2, 3);
    scope(() => {
      const [out] = layer.forward(zeros(4, 0, 2));
      expect(out.shape).toEqual([4, 0, 3]);
      out.sum().backward();
      expect(layer.weight_hh_l0!.grad!.dataSync().every((y) => y === 0)).toBe(true);
    });
    layer.dispose();
  });
});

describe('cells', () => {
  const cells = { RNNCell: nn.RNNCell, LSTMCell: nn.LSTMCell, GRUCell: nn.GRUCell };

  it.each(['RNNCell', 'LSTMCell', 'GRUCell'] as const)('%s has right second derivatives over two steps', (kind) => {
    const cell = new cells[kind](2, 3);
    const weights = cell.parameters();
    const run = (...inputs: Tensor[]) => {
      const [x, h, c, ...parameters] = inputs as [Tensor, Tensor, Tensor, ...Tensor[]];
      const own = new cells[kind](2, 3);
      const names = ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'] as const;
      for (const [i, name] of names.entries()) Object.defineProperty(own, name, { value: parameters[i] });
      const forward = own.forward.bind(own) as (x: Tensor, state: unknown) => Tensor | [Tensor, Tensor];
      const state = kind === 'LSTMCell' ? [h, c] : h;
      return [forward(x, forward(x, state))].flat()[0]!;
    };
    const inputs = [randn(2, 2), randn(2, 3), randn(2, 3), ...weights.map((w) => w.detach())];
    for (const input of inputs) input.requiresGrad = true;
    const gradient = (...given: Tensor[]) => {
      const wanted = given.filter((_, i) => i !== 2 || kind === 'LSTMCell');
      return grad(run(...given), wanted, { gradOutputs: zeros(2, 3).add(0.7), createGraph: true })
        .map((g) => g.square().sum())
        .reduce((a, b) => a.add(b))
        .add(given[2]!.sum().mul(0));
    };
    expect(gradcheck(gradient, inputs)).toBe(true);
  });

  it('give the results of the layer, step by step', () => {
    const layer = new nn.LSTM(3, 4);
    const cell = new nn.LSTMCell(3, 4);
    cell.loadStateDict(
      Object.fromEntries(Object.entries(layer.stateDict()).map(([name, t]) => [name.replace('_l0', ''), t])),
    );
    scope(() => {
      const x = randn(5, 6, 3);
      const [out] = layer.forward(x);
      let state: [Tensor, Tensor] | null = null;
      for (let t = 0; t < 5; t++) {
        state = noGrad(() => cell.forward(x.select(0, t), state));
        const difference = state[0].sub(out.select(0, t)).abs().max() as Tensor;
        expect(difference.item()).toBeLessThan(1e-6);
      }
    });
    for (const part of [layer, cell]) part.dispose();
  });
});

describe('lengths in a compiled function', () => {
  it('are checked at every run', () => {
    const layer = new nn.GRU(2, 3);
    const x = randn(4, 2, 2);
    const run = compile((lengths: Tensor) => noGrad(() => layer.forward(x, null, { lengths })[0]));
    const first = tensor([4, 2], { dtype: 'int32' });
    const bad = tensor([5, 2], { dtype: 'int32' });
    expect(run(first).shape).toEqual([4, 2, 3]);
    expect(() => run(bad)).toThrow('GRU: lengths[0] is 5, expected a whole number from 1 to the 4 steps');
    run.dispose();
    for (const part of [layer, x, first, bad]) part.dispose();
  });
});

describe('recurrent layers refuse', () => {
  const lstm = new nn.LSTM(3, 4);
  const gru = new nn.GRU(3, 4, { batchFirst: true, numLayers: 2 });
  const [rnnCell, gruCell, lstmCell] = [new nn.RNNCell(3, 2), new nn.GRUCell(3, 2), new nn.LSTMCell(3, 2)];
  const x = () => zeros(5, 2, 3);
  const lengths = (value: unknown) => () => lstm.forward(x(), null, { lengths: wrong(value) });
  const states = (...shapes: number[][]) => wrong(shapes.map((shape) => zeros(shape)));
  check([
    [
      'no input size',
      () => new nn.LSTM(wrong(undefined), 3),
      ArgumentError,
      'LSTM: inputSize must be a whole number of at least 1',
    ],
    [
      'hidden size 0',
      () => new nn.GRU(3, 0),
      ArgumentError,
      'GRU: hiddenSize must be a whole number of at least 1, got 0',
    ],
    ['no layers', () => new nn.RNN(3, 2, { numLayers: 0 }), ArgumentError, 'RNN: numLayers must be'],
    ['dropout 2', () => new nn.RNN(3, 2, { dropout: 2 }), ArgumentError, 'RNN: dropout must be between 0 and 1, got 2'],
    ['a misspelt option', () => new nn.LSTM(3, 2, wrong({ layers: 2 })), ArgumentError, 'LSTM: unknown option layers'],
    [
      'a nonlinearity for LSTM',
      () => new nn.LSTM(3, 2, wrong({ nonlinearity: 'tanh' })),
      ArgumentError,
      'nonlinearity',
    ],
    [
      'an unknown nonlinearity',
      () => new nn.RNN(3, 2, wrong({ nonlinearity: 'elu' })),
      ArgumentError,
      "'tanh' or 'relu', got elu",
    ],
    ['an input with other features', () => lstm.forward(zeros(5, 2, 4)), ShapeError, 'with inputSize 3, got [5,2,4]'],
    ['one dimension', () => lstm.forward(zeros(3)), ShapeError, 'LSTM: input must be [steps,batch,inputSize]'],
    ['a value that is not a tensor', () => lstm.forward(wrong([1])), ArgumentError, 'LSTM: input must be a tensor'],
    [
      'int32',
      () => lstm.forward(zeros([5, 2, 3], { dtype: 'int32' })),
      DTypeError,
      'LSTM: input must be float32, got int32',
    ],
    ['no steps', () => gru.forward(zeros(2, 0, 3)), ShapeError, 'GRU: input [2,0,3] has no steps'],
    ['one state of two', () => lstm.forward(x(), wrong([zeros(1, 2, 4)])), ArgumentError, 'two tensors, [h, c]'],
    [
      'c0 for another batch',
      () => lstm.forward(x(), states([1, 2, 4], [1, 3, 4])),
      ShapeError,
      'LSTM: c0 must be [1,2,4]',
    ],
    ['h0 for one layer', () => gru.forward(zeros(2, 5, 3), zeros(1, 2, 4)), ShapeError, 'GRU: h0 must be [2,2,4]'],
    [
      'length 0',
      lengths([0, 2]),
      ArgumentError,
      'LSTM: lengths[0] is 0, expected a whole number from 1 to the 5 steps',
    ],
    ['a length beyond the steps', lengths([2, 6]), ArgumentError, 'lengths[1] is 6'],
    ['a fraction', lengths([2.5, 1]), ArgumentError, 'lengths[0] is 2.5'],
    [
      'too few lengths',
      lengths([5]),
      ShapeError,
      'LSTM: lengths must be [2], one for each sequence of the batch, got [1]',
    ],
    ['float lengths', lengths(tensor([5, 2])), ArgumentError, 'LSTM: lengths must be int32, got float32'],
    ['a length tensor with 0', lengths(tensor([5, 0], { dtype: 'int32' })), ArgumentError, 'lengths[1] is 0'],
    ['text for lengths', lengths('52'), ArgumentError, 'lengths must be an int32 tensor or an array of numbers'],
    [
      'lengths without a batch',
      () => lstm.forward(zeros(5, 3), null, { lengths: [5] }),
      ArgumentError,
      'lengths are for batches',
    ],
    [
      'a misspelt call option',
      () => lstm.forward(x(), null, wrong({ length: [1] })),
      ArgumentError,
      'unknown option length',
    ],
    ['two devices', () => lstm.forward(x().to('reference')), DeviceError, 'lstm: tensors live on two devices'],
    [
      'a cell input with other features',
      () => gruCell.forward(zeros(2, 4)),
      ShapeError,
      'GRUCell: input must be [batch,3] or [3]',
    ],
    [
      'a state of another size',
      () => rnnCell.forward(zeros(3), zeros(3)),
      ShapeError,
      'RNNCell: h must be [2], got [3]',
    ],
    [
      'one state for LSTMCell',
      () => lstmCell.forward(zeros(3), wrong(zeros(2))),
      ArgumentError,
      'LSTMCell: the states',
    ],
  ]);
});

describe('learning', () => {
  it('an LSTM learns to add two marked numbers', () => {
    manualSeed(11);
    const [steps, batch] = [6, 32];
    const lstm = new nn.LSTM(2, 12);
    const head = new nn.Linear(12, 1);
    const optimizer = new optim.Adam([...lstm.parameters(), ...head.parameters()], { lr: 0.02 });
    const values = new Float32Array(steps * batch * 2);
    const sums = new Float32Array(batch);
    for (let b = 0; b < batch; b++) {
      for (let t = 0; t < steps; t++) {
        const value = ((b * 31 + t * 17) % 13) / 13;
        const marked = t === b % 3 || t === 3 + (b % 3);
        values.set([value, marked ? 1 : 0], (t * batch + b) * 2);
        if (marked) sums[b]! += value;
      }
    }
    const x = tensor(values, { shape: [steps, batch, 2] });
    const y = tensor(sums, { shape: [batch, 1] });
    const step = compile(() => {
      optimizer.zeroGrad();
      const [, [h]] = lstm.forward(x);
      const loss = F.mseLoss(head.forward(h.squeeze(0)), y);
      loss.backward();
      optimizer.step();
      return loss;
    });
    const first = step().item();
    let last = first;
    for (let i = 0; i < 300; i++) last = step().item();
    expect(last).toBeLessThan(first / 50);
    step.dispose();
    for (const part of [lstm, head, optimizer, x, y]) part.dispose();
  });
});

/** A field that holds a parameter or buffer refuses values that the module would no longer find. */
import { describe, expect, it } from 'vitest';
import { ArgumentError, nn, optim, randn, type Tensor, tensor, zeros } from '../../src/index.ts';

const layers: [string, () => nn.Module][] = [
  ['Linear', () => new nn.Linear(2, 2)],
  ['Linear without bias', () => new nn.Linear(2, 2, { bias: false })],
  ['Bilinear', () => new nn.Bilinear(2, 2, 2)],
  ['Conv1d', () => new nn.Conv1d(1, 1, 1)],
  ['Conv2d', () => new nn.Conv2d(1, 1, 1)],
  ['ConvTranspose2d', () => new nn.ConvTranspose2d(1, 1, 1)],
  ['BatchNorm1d', () => new nn.BatchNorm1d(2)],
  ['BatchNorm2d', () => new nn.BatchNorm2d(2, { affine: false })],
  ['InstanceNorm2d', () => new nn.InstanceNorm2d(2)],
  ['LayerNorm', () => new nn.LayerNorm(2)],
  ['RMSNorm', () => new nn.RMSNorm(2)],
  ['GroupNorm', () => new nn.GroupNorm(1, 2)],
  ['Embedding', () => new nn.Embedding(2, 2)],
  ['PReLU', () => new nn.PReLU()],
  ['RNN', () => new nn.RNN(2, 2)],
  ['LSTM', () => new nn.LSTM(2, 2, { bidirectional: true, numLayers: 2 })],
  ['GRUCell', () => new nn.GRUCell(2, 2)],
  ['LSTMCell', () => new nn.LSTMCell(2, 2, { bias: false })],
  ['MultiheadAttention', () => new nn.MultiheadAttention(4, 2)],
  ['RBM', () => new nn.RBM(2, 2)],
];
const OPTIONAL = [
  'weight',
  'bias',
  'running_mean',
  'running_var',
  'num_batches_tracked',
  'in_proj_bias',
  'q_proj_weight',
];

type Fields = Record<string, unknown>;

describe.each(layers)('%s', (_, make) => {
  const own = (layer: nn.Module) => [
    ...Object.keys(layer.stateDict()).filter((name) => !name.includes('.')),
    ...OPTIONAL.filter((name) => (layer as unknown as Fields)[name] === null),
  ];

  it('refuses plain tensors in all its fields, even as the first step after its construction', () => {
    for (const name of own(make())) {
      const layer = make() as nn.Module & Fields;
      const before = layer[name];
      for (const wrong of [randn(2, 2), new Float32Array(2), 1, 'x'])
        expect(() => {
          (layer as Fields)[name] = wrong;
        }).toThrow(
          new RegExp(`cannot assign .* as (parameter|buffer) '${name}' \\(nn\\.(Parameter|Buffer) or null expected`),
        );
      expect(layer[name]).toBe(before);
    }
  });

  it('accepts parameters and null', () => {
    for (const name of own(make())) {
      const layer = make() as nn.Module & Fields;
      const parameter = new nn.Parameter(zeros(1));
      (layer as Fields)[name] = parameter;
      expect(layer.stateDict()[name]).toBe(parameter);
      expect(layer.parameters()).toContain(parameter);
      (layer as Fields)[name] = null;
      expect(layer[name]).toBe(null);
      expect(layer.stateDict()).not.toHaveProperty([name]);
    }
  });

  it('has enumerable fields before and after they are used', () => {
    const layer = make();
    const names = Object.keys(layer);
    layer.parameters();
    expect(Object.keys(layer)).toEqual(names);
    for (const [name, tensor] of Object.entries(layer.stateDict()))
      if (!name.includes('.')) expect(Object.entries(layer)).toContainEqual([name, tensor]);
  });
});

describe('a user-defined module', () => {
  class Net extends nn.Module {
    scale = new nn.Parameter(tensor([2]));
    mean = new nn.Buffer(tensor([0]));
    layer: nn.Module = new nn.Linear(1, 1);
    last: Tensor | null = null;
    override forward(x: Tensor): Tensor {
      this.last = x;
      return x.mul(this.scale);
    }
  }

  it('refuses plain tensors once its parameters were asked for', () => {
    const net = new Net();
    const optimizer = new optim.SGD(net.parameters(), { lr: 1 });
    expect(() => {
      net.scale = tensor([1]) as never;
    }).toThrow(ArgumentError);
    expect(() => {
      net.scale = tensor([1]) as never;
    }).toThrow("Net: cannot assign Tensor as parameter 'scale' (nn.Parameter or null expected");
    expect(() => {
      net.mean = tensor([1]);
    }).toThrow("Net: cannot assign Tensor as buffer 'mean' (nn.Buffer or null expected");
    net
      .forward(tensor([3]))
      .sum()
      .backward();
    optimizer.step();
    expect(net.scale.toArray()).toEqual([-1]);
    // Plain tensors in other fields are up to the user.
    expect(net.last!.toArray()).toEqual([3]);
  });

  it('accepts another parameter, buffer or module', () => {
    const net = new Net();
    net.parameters();
    const { scale } = net;
    net.scale = new nn.Parameter(tensor([5]));
    net.layer = new nn.ReLU();
    net.mean = new nn.Buffer(tensor([1]));
    expect(net.parameters()).toEqual([net.scale]);
    expect(net.scale).not.toBe(scale);
    expect(Object.keys(net.stateDict())).toEqual(['scale', 'mean']);
  });

  it('can share weights', () => {
    const [embedding, head] = [new nn.Embedding(3, 2), new nn.Linear(2, 3)];
    head.weight = embedding.weight;
    expect(new nn.ModuleList<nn.Module>([embedding, head]).parameters()).toHaveLength(2);
  });
});

/** Modules: what they own, and under which names; modes, state dicts, devices. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  DisposedError,
  F,
  manualSeed,
  memory,
  nn,
  ones,
  optim,
  randn,
  ShapeError,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.ts';

class Block extends nn.Module {
  fc = new nn.Linear(3, 3);
  scale = new nn.Parameter(ones(3));
  count = new nn.Buffer(zeros(1));
  note = 'no module';

  override forward(x: Tensor): Tensor {
    return this.fc.forward(x).mul(this.scale).relu();
  }
}

class Net extends nn.Module {
  input = new nn.Linear(2, 3, { bias: false });
  block = new Block();
  again = this.block;
  list = new nn.Sequential(new nn.Linear(3, 2), new nn.Dropout(0.5), new nn.Tanh());

  override forward(x: Tensor): Tensor {
    return this.list.forward(this.again.forward(this.block.forward(this.input.forward(x))));
  }
}

const NAMES = ['input.weight', 'block.scale', 'block.fc.weight', 'block.fc.bias', 'list.0.weight', 'list.0.bias'];

describe('a module', () => {
  it('owns the parameters in its fields, each once, by dotted names in order', () => {
    const net = new Net();
    expect(Array.from(net.namedParameters(), ([name]) => name)).toEqual(NAMES);
    expect(net.parameters()).toEqual(Array.from(net.namedParameters(), ([, p]) => p));
    expect(net.parameters().every((p) => p.requiresGrad && p.isLeaf && p.kept)).toBe(true);
    expect(Array.from(net.namedBuffers(), ([name]) => name)).toEqual(['block.count']);
    expect(net.buffers()[0]!.requiresGrad).toBe(false);
    expect(Array.from(net.namedModules(), ([name]) => name)).toEqual([
      '',
      'input',
      'block',
      'block.fc',
      'list',
      'list.0',
      'list.1',
      'list.2',
    ]);
    expect(net.children()).toEqual([net.input, net.block, net.block, net.list]);
    expect(net.modules().length).toBe(8);
    net.dispose();
  });

  it('lists a parameter that two modules share once, and in the state dict under both names', () => {
    class Tied extends nn.Module {
      a = new nn.Linear(2, 2);
      b = new nn.Linear(2, 2);
      constructor() {
        super();
        this.b.weight.dispose();
        this.b.weight = this.a.weight;
      }
      override forward(x: Tensor): Tensor {
        return this.b.forward(this.a.forward(x));
      }
    }
    const tied = new Tied();
    expect(Array.from(tied.namedParameters(), ([name]) => name)).toEqual(['a.weight', 'a.bias', 'b.bias']);
    expect(Object.keys(tied.stateDict())).toEqual(['a.weight', 'a.bias', 'b.weight', 'b.bias']);
    scope(() => tied.forward(ones(1, 2)).sum().backward());
    expect(tied.b.weight.grad).toBe(tied.a.weight.grad);
    tied.dispose();
  });

  it('includes parameters that are assigned later', () => {
    const net = new Net();
    (net as unknown as Record<string, unknown>).extra = new nn.Parameter(zeros(1));
    expect(Array.from(net.namedParameters(), ([name]) => name)).toContain('extra');
    net.dispose();
  });

  it('switches itself and all inner modules between training and evaluation', () => {
    const net = new Net();
    expect(net.modules().every((module) => module.training)).toBe(true);
    expect(net.eval()).toBe(net);
    expect(net.modules().some((module) => module.training)).toBe(false);
    net.list.train();
    expect([net.training, net.list.training, net.list[1]!.training]).toEqual([false, true, true]);
    const x = ones(4, 2);
    net.eval();
    expect(net.forward(x).toArray()).toEqual(net.forward(x).toArray());
    net.dispose();
  });

  it('freezes and unfreezes, and drops gradients', () => {
    const net = new Net();
    net.requiresGrad_(false);
    expect(net.forward(ones(1, 2)).requiresGrad).toBe(false);
    net.block.requiresGrad_();
    net.forward(ones(1, 2)).sum().backward();
    expect(net.input.weight.grad).toBeNull();
    expect(net.block.fc.weight.grad).not.toBeNull();
    net.zeroGrad();
    expect(net.parameters().every((p) => p.grad === null)).toBe(true);
    net.dispose();
  });

  it('applies a function to all inner modules, the innermost first', () => {
    const net = new nn.Sequential(new nn.Linear(1, 1), new nn.Sequential(new nn.ReLU()));
    const seen: string[] = [];
    expect(net.apply((module) => seen.push(module.constructor.name))).toBe(net);
    expect(seen).toEqual(['Linear', 'ReLU', 'Sequential', 'Sequential']);
    net.dispose();
  });

  it('prints itself', () => {
    const net = new Net();
    expect(String(net)).toBe(
      [
        'Net(',
        '  (input): Linear(2, 3, bias: false)',
        '  (block): Block(',
        '    (fc): Linear(3, 3)',
        '  )',
        '  (again): Block(',
        '    (fc): Linear(3, 3)',
        '  )',
        '  (list): Sequential(',
        '    (0): Linear(3, 2)',
        '    (1): Dropout(p: 0.5)',
        '    (2): Tanh()',
        '  )',
        ')',
      ].join('\n'),
    );
    expect(inspect(net)).toBe(String(net));
    net.dispose();
  });

  it('frees all that it owns', () => {
    const before = memory();
    const net = scope(() => new Net());
    expect(memory().tensors).toBeGreaterThan(before.tensors);
    net.dispose();
    expect(memory().tensors).toBe(before.tensors);
    expect(memory().bytesInUse).toBe(before.bytesInUse);
    expect(() => net.forward(ones(1, 2))).toThrow(DisposedError);
    {
      using inner = new nn.Linear(2, 2);
      expect(inner.weight.isDisposed).toBe(false);
    }
  });

  it('outlives the scope that made it', () => {
    let net: Net | undefined;
    scope(() => {
      net = new Net();
    });
    expect(net!.parameters().some((p) => p.isDisposed)).toBe(false);
    net!.dispose();
  });
});

describe('state dicts', () => {
  it('hold live parameters and buffers, and load into another model', () => {
    manualSeed(1);
    const a = new Net();
    const b = new Net();
    const state = a.stateDict();
    // As in PyTorch, a module that is used in two places appears under both names.
    const again = ['again.scale', 'again.fc.weight', 'again.fc.bias', 'again.count'];
    expect(Object.keys(state).sort()).toEqual([...NAMES, 'block.count', ...again].sort());
    expect(state['again.scale']).toBe(a.block.scale);
    expect(state['block.scale']).toBe(a.block.scale);
    expect(b.loadStateDict(state)).toEqual({ missingKeys: [], unexpectedKeys: [] });
    const x = randn(3, 2);
    expect(b.eval().forward(x).toArray()).toEqual(a.eval().forward(x).toArray());
    expect(b.block.scale).not.toBe(a.block.scale);
    a.dispose();
    expect(b.block.scale.toArray()).toEqual([1, 1, 1]);
    b.dispose();
  });

  it('are checked before anything is written', () => {
    const net = new nn.Sequential(new nn.Linear(2, 2), new nn.Linear(2, 1));
    const before = Object.fromEntries(Object.entries(net.stateDict()).map(([k, t]) => [k, t.toArray()]));
    const good = { '0.weight': ones(2, 2), '0.bias': ones(2), '1.weight': ones(1, 2), '1.bias': ones(1) };
    const { '1.bias': _, ...missing } = good;
    expect(() => net.loadStateDict(missing)).toThrow(ArgumentError);
    expect(() => net.loadStateDict(missing)).toThrow('loadStateDict: missing [1.bias], unexpected []');
    expect(() => net.loadStateDict({ ...good, more: ones(1) })).toThrow('loadStateDict: missing [], unexpected [more]');
    const misshapen = { ...good, '1.weight': ones(2, 2) };
    expect(() => net.loadStateDict(misshapen)).toThrow(ShapeError);
    expect(() => net.loadStateDict(misshapen)).toThrow("loadStateDict: 1.weight is [2,2], the model's is [1,2]");
    expect(() => net.loadStateDict(misshapen, { strict: false })).toThrow(ShapeError);
    expect(() => net.loadStateDict(good, { Strict: true } as never)).toThrow('loadStateDict: unknown option Strict');
    for (const [name, t] of Object.entries(net.stateDict())) expect(t.toArray(), name).toEqual(before[name]);
    net.dispose();
  });

  it('load partially if they are not strict', () => {
    const net = new nn.Linear(2, 1);
    const bias = net.bias!.toArray();
    const result = net.loadStateDict({ weight: ones(1, 2), other: ones(1) }, { strict: false });
    expect(result).toEqual({ missingKeys: ['bias'], unexpectedKeys: ['other'] });
    expect([net.weight.toArray(), net.bias!.toArray()]).toEqual([[[1, 1]], bias]);
    net.dispose();
  });

  it('load from other devices and element types, without leaks', () => {
    const net = new nn.Linear(2, 1);
    scope(() => {
      const before = memory().tensors;
      const state = { weight: ones([1, 2], { device: 'reference' }), bias: tensor([3], { dtype: 'int32' }) };
      net.loadStateDict(state);
      expect(memory().tensors).toBe(before + 2);
    });
    expect([net.weight.toArray(), net.bias!.toArray(), net.weight.device]).toEqual([[[1, 1]], [3], 'wasm']);
    net.dispose();
  });

  it('mark overwritten values as changed for backward', () => {
    const net = new nn.Linear(2, 1);
    const y = net.forward(tensor([[1, 2]], { requiresGrad: true })).sum();
    net.loadStateDict({ weight: ones(1, 2), bias: ones(1) });
    expect(() => y.backward()).toThrow(/was changed in place/);
    net.dispose();
  });
});

describe('devices', () => {
  it('a model moves to another device, and its training continues', () => {
    manualSeed(3);
    const net = new nn.Sequential(new nn.Linear(2, 4), new nn.Tanh(), new nn.Linear(4, 1));
    const twin = new nn.Sequential(new nn.Linear(2, 4), new nn.Tanh(), new nn.Linear(4, 1));
    twin.loadStateDict(net.stateDict());
    const optimizers = [net, twin].map((model) => new optim.Adam(model.parameters(), { lr: 0.05 }));
    const step = (i: number, device: 'wasm' | 'reference') =>
      scope(() => {
        const model = [net, twin][i]!;
        optimizers[i]!.zeroGrad();
        const x = tensor(
          [
            [1, 2],
            [-1, 0.5],
          ],
          { device },
        );
        const loss = F.mseLoss(model.forward(x), ones([2, 1], { device }));
        loss.backward();
        optimizers[i]!.step();
        return loss.item();
      });
    const moved = net.parameters();
    const losses: number[][] = [[], []];
    for (let turn = 0; turn < 9; turn++) {
      const device = turn % 6 < 3 ? 'wasm' : 'reference';
      if (turn % 3 === 0) expect(net.to(device)).toBe(net);
      expect(net.parameters().map((p) => p.device)).toEqual(new Array(4).fill(device));
      losses[0]!.push(step(0, device));
      losses[1]!.push(step(1, 'wasm'));
    }
    expect(net.parameters()).toEqual(moved);
    for (const [i, loss] of losses[0]!.entries()) expect(loss).toBeCloseTo(losses[1]![i]!, 5);
    expect(losses[0]![8]).toBeLessThan(losses[0]![0]!);
    for (const optimizer of optimizers) optimizer.dispose();
    net.dispose();
    twin.dispose();
  });
});

/**
 * Memory that runs out at any allocation: the n-th throws, for every n, in eager code, backward, compiled functions,
 * optimizers, training, loading. The error is an OutOfMemoryError; afterwards no commands are pending, the same number
 * of blocks is in use as before, and the same work gives the same results as if nothing had happened.
 */
import { describe, expect, it } from 'vitest';
import { OutOfMemoryError } from '../../bindings/errors.ts';
import type { Executor } from '../../bindings/executor.ts';
import { WasmExecutor } from '../../bindings/wasm/executor.ts';
import {
  cat,
  compile,
  data,
  exportOnnx,
  F,
  loadModel,
  loadOnnx,
  loadSafetensors,
  manualSeed,
  nn,
  optim,
  randint,
  randn,
  saveModel,
  saveSafetensors,
  scope,
  type Tensor,
  Trainer,
  tensor,
  where,
} from '../../src/index.ts';
import { executorFor, withExecutor } from '../../src/runtime/runtime.ts';
import { executors, variants } from '../support/executors.ts';
import { collectGarbage } from '../support/garbage.ts';
import { withFailingAllocation } from '../support/outOfMemory.ts';

/** Work on existing tensors: it returns its results and the state that it leaves. */
type Work = () => Tensor[];

interface Owned {
  dispose(): void;
}

/**
 * Prepares the data of a piece of work, and returns the work, whose numbers are the same at every call. Whatever is
 * passed to `own` is disposed at the end.
 */
type Scenario = (own: <T extends Owned>(owned: T) => T) => Work;

/** Copies of the tensors that `use` makes from `owned`, which is then disposed. */
function using<T extends Owned>(owned: T, use: (owned: T) => Tensor[]): Tensor[] {
  try {
    return use(owned).map((t) => t.clone());
  } finally {
    owned.dispose();
  }
}

const classes = () => tensor([1, 0, 2, 1], { dtype: 'int32' });

function network(): nn.Sequential {
  return new nn.Sequential(
    new nn.Conv2d(1, 4, 3, { padding: 1 }),
    new nn.BatchNorm2d(4),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Dropout(0.2),
    new nn.Linear(36, 3),
  );
}

function step(model: nn.Sequential | nn.Linear, optimizer: optim.Optimizer<object>): (x: Tensor, y: Tensor) => Tensor {
  return (x, y) => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
}

const state = (model: nn.Module): Tensor[] => Object.values(model.stateDict());

const optimizers: Record<string, (params: nn.Parameter[]) => optim.Optimizer<object>> = {
  SGD: (params) => new optim.SGD(params, { lr: 0.1, momentum: 0.9 }),
  Adam: (params) => new optim.Adam(params, { amsgrad: true }),
  NAdam: (params) => new optim.NAdam(params),
  RMSprop: (params) => new optim.RMSprop(params, { centered: true, momentum: 0.9 }),
  Adagrad: (params) => new optim.Adagrad(params),
  Adadelta: (params) => new optim.Adadelta(params),
};

const scenarios: Record<string, Scenario> = {
  elementwise: () => {
    const [x, y] = [randn(3, 4), randn(4)];
    return () => [x.T.add(1).exp(), x.mul(y).sub(x.T.T), where(x.gt(0), x.T.T, y), x.clamp(0, 1).to('int32')];
  },
  reductions: () => {
    const x = randn(3, 4, 5);
    return () => [x.sum(1), x.T.mean([0, 2]), x.max(0).indices, x.variance(1), x.cumsum(0), x.T.argmax(0), x.norm()];
  },
  products: () => {
    const [a, b, v] = [randn(2, 3, 4), randn(2, 4, 3), randn(4)];
    return () => [a.matmul(b), a.matmul(v), b.transpose(1, 2).matmul(a.transpose(1, 2)), v.outer(v), v.dot(v)];
  },
  shapes: () => {
    const x = randn(3, 4);
    return () => [
      cat([x.T, x.T], 0),
      x.T.reshape(12),
      x.sort(1).values,
      x.topk(2, 1).indices,
      x.flip(0),
      x.pad([1, 1]),
    ];
  },
  indices: () => {
    const x = randn(3, 4);
    return () => {
      const index = tensor([[0, 1, 0, 2]], { dtype: 'int32' });
      return [x.gather(0, index), x.indexSelect(0, index.reshape(4)), x.scatterAdd(0, index, x)];
    };
  },
  layers: (own) => {
    const x = randn(2, 5, 6);
    const [lstm, attention, norm, rms] = [
      own(new nn.LSTM(6, 4, { bidirectional: true, batchFirst: true })),
      own(new nn.MultiheadAttention(6, 2, { batchFirst: true })),
      own(new nn.LayerNorm([6])),
      own(new nn.RMSNorm(6)),
    ];
    return () => [
      lstm.forward(x)[0],
      attention.forward(x, x, x)[0],
      norm.forward(x),
      rms.forward(x),
      F.softmax(x, { dim: 1 }),
    ];
  },
  backward: (own) => {
    const model = own(network());
    const [x, y] = [randn(4, 1, 6, 6), classes()];
    return () => {
      for (const p of model.parameters()) p.grad = null;
      const loss = F.crossEntropy(model.eval().forward(x), y);
      loss.backward();
      return [loss, ...model.parameters().map((p) => p.grad!)];
    };
  },
  'gradients of tables': (own) => {
    const table = own(new nn.Embedding(10, 3));
    const index = tensor([1, 4, 4, 9], { dtype: 'int32' });
    return () => {
      table.weight.grad = null;
      table.forward(index).square().sum().backward();
      return [table.weight.grad!];
    };
  },
  'a compiled model': (own) => {
    const model = own(network().eval());
    const x = randn(4, 1, 6, 6);
    const run = own(compile((t: Tensor) => [model.forward(t), tensor([1, 2, 3]), t.T]));
    return () => run(x);
  },
  'a compiled table': (own) => {
    const table = own(new nn.Embedding(10, 3));
    const index = tensor([1, 4, 4, 9], { dtype: 'int32' });
    const run = own(
      compile((t: Tensor) => {
        table.weight.grad = null;
        table.forward(t).square().sum().backward();
        return table.weight.grad!.mul(1);
      }),
    );
    return () => [run(index)];
  },
  'a state dict': (own) => {
    const [from, to] = [own(network()), own(network())];
    return () => {
      to.loadStateDict(from.stateDict());
      return state(to);
    };
  },
  'a model that moves': (own) => {
    const model = own(network());
    const home = model.parameters()[0]!.device;
    return () => {
      model.to(home === 'wasm' ? 'reference' : 'wasm');
      return state(model.to(home)).map((t) => t.clone());
    };
  },
  'a file of tensors': () => {
    const bytes = saveSafetensors({ a: randn(3, 4), b: classes() });
    return () => Object.values(loadSafetensors(bytes));
  },
  'a file of a model': (own) => {
    const model = own(network());
    const optimizer = own(new optim.Adam(model.parameters()));
    step(model, optimizer)(randn(4, 1, 6, 6), classes());
    const bytes = saveModel(model, { optimizer });
    return () => {
      const loaded = loadModel(bytes);
      return using(loaded.model, (own) => [
        ...state(own),
        ...using(loaded.optimizer as optim.Adam, (adam) => adam.remembered()),
      ]);
    };
  },
  ...Object.fromEntries(
    Object.entries(optimizers).flatMap(([name, make]): [string, Scenario][] => [
      [
        `a step of ${name}`,
        (own) => {
          const layer = own(new nn.Linear(4, 3));
          const optimizer = own(make(layer.parameters()));
          layer.forward(randn(2, 4)).square().sum().backward();
          return () => {
            optimizer.step();
            return [...layer.parameters(), ...optimizer.remembered()];
          };
        },
      ],
      [
        `a compiled step of ${name}`,
        (own) => {
          const layer = own(new nn.Linear(4, 3));
          const optimizer = own(make(layer.parameters()));
          const run = own(compile(step(layer, optimizer)));
          const [x, y] = [randn(4, 4), classes()];
          return () => [run(x, y), ...layer.parameters(), ...optimizer.remembered()];
        },
      ],
    ]),
  ),
};

/** A few steps of `fit`, always from the same start: an epoch that fails may already have changed the model. */
async function fitting(): Promise<{ work: () => Promise<number[][]>; dispose(): void }> {
  manualSeed(7);
  const [x, y] = [randn(12, 1, 6, 6), randint(0, 3, [12])];
  const model = network();
  const beginning = saveSafetensors(model.stateDict());
  return {
    work: async () => {
      manualSeed(8);
      const saved = loadSafetensors(beginning);
      model.loadStateDict(saved);
      const optimizer = new optim.Adam(model.parameters());
      try {
        await new Trainer(model, { optimizer, loss: 'crossEntropy' }).fit(x, y, {
          epochs: 1,
          batchSize: 4,
          verbose: 0,
        });
        return state(model).map((t) => [...t.dataSync()]);
      } finally {
        for (const t of [...Object.values(saved), ...model.parameters().flatMap(({ grad }) => grad ?? [])]) t.dispose();
        optimizer.dispose();
        model.zeroGrad();
      }
    },
    dispose() {
      model.dispose();
      for (const t of [x, y]) t.dispose();
    },
  };
}

it('fit recovers when memory runs out', async () => {
  const executor = executorFor('wasm');
  const { allocator } = executor;
  const { work, dispose } = await fitting();
  const expected = await work();
  await collectGarbage();
  const { blocks } = allocator;
  for (let n = 0, failed = true; failed; n++) {
    // The first hundred one by one, later ones in strides: every operation has occurred by then.
    if (n > 100) n += 12;
    try {
      ({ failed } = await withFailingAllocation(executor, n, work));
    } catch (error) {
      expect(error, `allocation ${n}`).toBeInstanceOf(OutOfMemoryError);
    }
    expect(executor.program.commands, `pending commands after allocation ${n} has failed`).toBe(0);
    expect(await work(), `results after allocation ${n} has failed`).toEqual(expected);
    await collectGarbage();
    expect(allocator.blocks, `blocks after allocation ${n} has failed`).toBe(blocks);
  }
  dispose();
});

it('gradients are as they were if the first run of a compiled function fails', () => {
  const executor = executorFor('wasm');
  for (let n = 0, failed = true; failed; n++) {
    const layer = new nn.Linear(3, 2);
    const x = tensor([[1], [2], [3]]);
    scope(() => layer.forward(x.T).sum().backward());
    const before = layer.weight.grad!.toArray();
    // The program is given a contiguous copy of its argument, which needs memory too.
    const run = compile((t: Tensor) => {
      layer.zeroGrad();
      const loss = layer.forward(t).square().sum();
      loss.backward();
      return [loss, loss.add(1)];
    });
    try {
      scope(() => {
        ({ failed } = withFailingAllocation(executor, n, () => run(x.expand(3, 3).T)));
      });
    } catch (error) {
      expect(error, `allocation ${n}`).toBeInstanceOf(OutOfMemoryError);
      expect(layer.weight.grad?.toArray(), `gradient after allocation ${n} has failed`).toEqual(before);
    }
    for (const owned of [run, layer, x]) owned.dispose();
  }
});

/** Work that makes tensors on the default executor, independent of the caller. */
const onDefault: Record<string, Scenario> = {
  'an ONNX model': (own) => {
    const bytes = exportOnnx(own(network().eval()), [null, 1, 6, 6]);
    const x = randn(4, 1, 6, 6);
    return () => {
      return using(loadOnnx(bytes), (model) => [model.forward(x) as Tensor, ...state(model)]);
    };
  },
  'a DataLoader': () => {
    const set = new data.TensorDataset(randn(10, 3), randn(10));
    return () => {
      const seen: number[] = [];
      for (const [x] of new data.DataLoader(set, { batchSize: 4 }))
        seen.push(...(x!.sum(0).dataSync() as Float32Array));
      return [tensor(seen)];
    };
  },
};

/** The values of the tensors that `work` returns. */
const valuesOf = (work: Work) => work().map((t) => Array.from(t.dataSync()));

/** Runs `body` with the work of a scenario on an executor, and disposes all that it makes. */
function inScenario<T>(executor: Executor, scenario: Scenario, body: (work: Work) => T): T {
  return withExecutor(executor, () =>
    scope(() => {
      manualSeed(7);
      const owned: Owned[] = [];
      try {
        return body(
          scenario((one) => {
            owned.unshift(one);
            return one;
          }),
        );
      } finally {
        for (const one of owned) one.dispose();
      }
    }),
  );
}

/** Fails the n-th allocation of the work, for all n. */
function failEach(executor: Executor, scenario: Scenario): void {
  const { blocks, bytesInUse } = executor.allocator;
  const expected = inScenario(executor, scenario, valuesOf);
  for (let n = 0; ; n++) {
    const failed = inScenario(executor, scenario, (work) => {
      manualSeed(8);
      try {
        scope(() => void withFailingAllocation(executor, n, work));
        return false;
      } catch (error) {
        expect(error, `allocation ${n}`).toBeInstanceOf(OutOfMemoryError);
      }
      expect(executor.program.commands, `pending commands after allocation ${n} has failed`).toBe(0);
      expect(valuesOf(work), `results after allocation ${n} has failed`).toEqual(expected);
      return true;
    });
    expect({ blocks: executor.allocator.blocks, bytesInUse: executor.allocator.bytesInUse }, `allocation ${n}`).toEqual(
      {
        blocks,
        bytesInUse,
      },
    );
    if (!failed) return;
  }
}

const threaded = new WasmExecutor({ variant: variants[0]!, threads: 2 });

describe.each([...executors, ['two threads', threaded] as [string, Executor]])(
  'recovers when memory runs out on %s',
  (name, executor) => {
    it.each(Object.keys(scenarios))('%s', async (scenario) => {
      if (name === 'two threads') await threaded.startThreads();
      failEach(executor, scenarios[scenario]!);
    });
  },
);

it.each(Object.keys(onDefault))('%s recovers when memory runs out', (scenario) => {
  failEach(executorFor('wasm'), onDefault[scenario]!);
});

/** Generators passed to `fit` and `evaluate` are closed exactly once, however these end. */
import { describe, expect, it } from 'vitest';
import { data, nn, optim, randn, type Tensor, Trainer } from '../../src/index.ts';

type Log = string[];
type Batch = [Tensor, Tensor];

const LENGTH = 6;
const batch = (): Batch => [randn(4, 2), randn(4, 1)];

/** Batches that log their iteration; `wrong`: batch number 2 is not a batch, or throws. */
class Batches {
  readonly log: Log = [];
  constructor(
    private readonly isAsync: boolean,
    private readonly wrong: 'none' | 'batch' | 'error' = 'none',
    private readonly onReturn: () => void = () => {},
  ) {}

  private result(at: number): IteratorResult<Batch> {
    if (at === LENGTH) {
      this.log.push('done');
      return { done: true, value: undefined };
    }
    if (at === 2 && this.wrong === 'error') throw new Error('the source fails');
    return { done: false, value: at === 2 && this.wrong === 'batch' ? ([] as unknown as Batch) : batch() };
  }

  /** A new iteration. */
  begin(): Iterable<Batch> | AsyncIterable<Batch> {
    const { log, isAsync } = this;
    let at = 0;
    log.push('begun');
    if (!isAsync) {
      const iterator: Iterator<Batch> = {
        next: () => this.result(at++),
        return: () => {
          log.push('closed');
          this.onReturn();
          return { done: true, value: undefined };
        },
      };
      return { [Symbol.iterator]: () => iterator };
    }
    const iterator: AsyncIterator<Batch> = {
      next: async () => this.result(at++),
      return: async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        log.push('closed');
        this.onReturn();
        return { done: true, value: undefined };
      },
    };
    return { [Symbol.asyncIterator]: () => iterator };
  }
}

function trainer(metrics: ((a: Tensor) => number)[] = []) {
  const model = new nn.Linear(2, 1);
  return new Trainer(model, { optimizer: new optim.SGD(model.parameters(), { lr: 0.01 }), loss: 'mse', metrics });
}

interface Way {
  wrong?: 'batch' | 'error';
  /** The error with which it ends. */
  error?: RegExp;
  options?: () => object;
  metrics?: ((a: Tensor) => number)[];
  /** The log after 'begun'. */
  log: Log;
}

const stopAt = (at: number) => ({
  onBatchEnd: (i: number, _: unknown, state: { stopTraining: boolean }) => {
    if (i === at) state.stopTraining = true;
  },
});
const abortAt = (at: number) => {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    callbacks: [
      {
        onBatchEnd: (i: number) => {
          if (i === at) controller.abort();
        },
      },
    ],
  };
};
const failAt = (at: number) => ({
  onBatchEnd: (i: number) => {
    if (i === at) throw new Error('the callback fails');
  },
});

const WAYS: Record<string, Way> = {
  'are used up': { log: ['done'] },
  'are stopped': { options: () => ({ callbacks: [stopAt(1)] }), log: ['closed'] },
  'are stopped at the last batch': { options: () => ({ callbacks: [stopAt(LENGTH - 1)] }), log: ['closed'] },
  'are aborted': { options: () => abortAt(1), log: ['closed'] },
  'are aborted before they begin': { options: () => ({ signal: AbortSignal.abort() }), log: [] },
  'meet a callback that fails': {
    options: () => ({ callbacks: [failAt(1)] }),
    error: /callback fails/,
    log: ['closed'],
  },
  'meet a metric that fails': {
    metrics: [
      () => {
        throw new Error('the metric fails');
      },
    ],
    error: /metric fails/,
    log: ['closed'],
  },
  'give other values': { wrong: 'batch', error: /a batch must be a list of tensors/, log: ['closed'] },
  // As in `for … of`: an iterator that throws has closed itself.
  'fail themselves': { wrong: 'error', error: /the source fails/, log: [] },
  'give fewer batches than asked for': {
    options: () => ({ stepsPerEpoch: 9 }),
    error: /no more batches/,
    log: ['done'],
  },
  'are used in part': { options: () => ({ stepsPerEpoch: 2, epochs: 2 }), log: ['closed'] },
  'are used in part, and aborted': {
    options: () => ({ stepsPerEpoch: 2, epochs: 3, ...abortAt(1) }),
    log: ['closed'],
  },
  'are used in part, and a callback fails': {
    options: () => ({ stepsPerEpoch: 2, epochs: 3, callbacks: [failAt(1)] }),
    error: /callback fails/,
    log: ['closed'],
  },
};

describe.each([
  ['synchronous', false],
  ['asynchronous', true],
])('%s batches', (_, isAsync) => {
  describe.each(Object.entries(WAYS))('that %s', (_way, { wrong, error, options, metrics, log }) => {
    const begun = (batches: Batches) => batches.log.slice(0, 1).filter((word) => word === 'begun');

    it.each(['as an object', 'from a function'])('are closed once: %s', async (form) => {
      const batches = new Batches(isAsync, wrong);
      const given = form === 'as an object' ? batches.begin() : () => batches.begin();
      const fitting = trainer(metrics).fit(given, { verbose: false, ...options?.() });
      if (error === undefined) await fitting;
      else await expect(fitting).rejects.toThrow(error);
      expect(batches.log).toEqual([...begun(batches), ...log]);
    });

    it('are closed once in validation', async () => {
      if (options !== undefined) return;
      const batches = new Batches(isAsync, wrong);
      const fitting = trainer(metrics).fit(randn(4, 2), randn(4, 1), {
        validationData: () => batches.begin(),
        verbose: false,
      });
      if (error === undefined) await fitting;
      else await expect(fitting).rejects.toThrow(error);
      // A metric that fails already fails on the training examples.
      expect(batches.log).toEqual(metrics === undefined ? ['begun', ...log] : []);
    });

    it('are closed once in evaluate', async () => {
      if (options !== undefined) return;
      const batches = new Batches(isAsync, wrong);
      const evaluating = trainer(metrics).evaluate(() => batches.begin());
      if (error === undefined) await evaluating;
      else await expect(evaluating).rejects.toThrow(error);
      expect(batches.log).toEqual(['begun', ...log]);
    });
  });

  it('throw an error of closing, unless there is another one', async () => {
    const fail = () => {
      throw new Error('closing fails');
    };
    const one = new Batches(isAsync, 'none', fail);
    await expect(trainer().fit(() => one.begin(), { verbose: false, callbacks: [stopAt(1)] })).rejects.toThrow(
      'closing fails',
    );
    const two = new Batches(isAsync, 'none', fail);
    await expect(trainer().fit(() => two.begin(), { verbose: false, callbacks: [failAt(1)] })).rejects.toThrow(
      'the callback fails',
    );
    expect([one.log, two.log]).toEqual([
      ['begun', 'closed'],
      ['begun', 'closed'],
    ]);
  });
});

it.each(['sync', 'async'])('the finally of a generator runs before fit is over, %s', async (kind) => {
  const log: Log = [];
  function* batches(): Generator<Batch> {
    try {
      while (true) yield batch();
    } finally {
      log.push('closed');
    }
  }
  async function* later(): AsyncGenerator<Batch> {
    try {
      while (true) yield batch();
    } finally {
      await new Promise((resolve) => setTimeout(resolve, 5));
      log.push('closed');
    }
  }
  const options = { stepsPerEpoch: 3, epochs: 2, verbose: false };
  await trainer().fit(kind === 'sync' ? batches() : later(), options);
  expect(log).toEqual(['closed']);
  await trainer().fit(kind === 'sync' ? batches : later, { verbose: false, callbacks: [stopAt(2)] });
  expect(log).toEqual(['closed', 'closed']);
});

it.each(['for', 'for await'])('leaving the loop %s leaves the batch as it is', async (kind) => {
  const loader = new data.DataLoader(new data.TensorDataset(randn(8, 2)), { batchSize: 2 });
  const seen: Tensor[] = [];
  if (kind === 'for') {
    for (const [x] of loader) {
      seen.push(x!);
      break;
    }
  } else {
    for await (const [x] of loader) {
      seen.push(x!);
      break;
    }
  }
  expect(seen.map((x) => [x.isDisposed, x.shape])).toEqual([[false, [2, 2]]]);
});

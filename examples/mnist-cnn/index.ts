/**
 * Trains convolutional networks on the real MNIST digits and shows what they confuse.
 *
 *     npx tsx examples/mnist-cnn/index.ts          # both networks, a few minutes
 *     npx tsx examples/mnist-cnn/index.ts small    # 10 and 20 channels, 5 epochs
 *     npx tsx examples/mnist-cnn/index.ts large    # 32 and 64 channels, dropout, falling learning rate
 */
import { compile, data, F, init, manualSeed, metrics, nn, optim, type Tensor } from 'saraf';
import { mnist } from 'saraf/node';
import { type Pair, predictClasses, trainEpoch } from '../support/epochs.ts';

interface Recipe {
  goal: number;
  epochs: number;
  batchSize: number;
  learningRate: number;
  /** Factor on the learning rate after every epoch. */
  decay: number;
  build: () => nn.Sequential;
}

const recipes: Record<string, Recipe> = {
  small: {
    goal: 0.9835,
    epochs: 5,
    batchSize: 64,
    learningRate: 1e-3,
    decay: 1,
    build: () =>
      new nn.Sequential(
        new nn.Conv2d(1, 10, 5),
        new nn.MaxPool2d(2),
        new nn.ReLU(),
        new nn.Conv2d(10, 20, 5),
        new nn.MaxPool2d(2),
        new nn.ReLU(),
        new nn.Flatten(),
        new nn.Linear(320, 50),
        new nn.ReLU(),
        new nn.Linear(50, 10),
      ),
  },
  large: {
    goal: 0.99,
    epochs: 8,
    batchSize: 64,
    learningRate: 1e-3,
    decay: 0.75,
    build: () =>
      new nn.Sequential(
        new nn.Conv2d(1, 32, 3),
        new nn.ReLU(),
        new nn.MaxPool2d(2),
        new nn.Conv2d(32, 64, 3),
        new nn.ReLU(),
        new nn.MaxPool2d(2),
        new nn.Flatten(),
        new nn.Linear(1600, 128),
        new nn.ReLU(),
        new nn.Dropout(0.5),
        new nn.Linear(128, 10),
      ),
  },
};

function train(name: string, { goal, epochs, batchSize, learningRate, decay, build }: Recipe): void {
  manualSeed(1);
  const { train: digits, test } = mnist();
  const [images, labels] = test.tensors;
  const model = build();
  const optimizer = new optim.Adam(model.parameters(), { lr: learningRate });
  const schedule = new optim.lrScheduler.ExponentialLR(optimizer, { gamma: decay });
  const loader = new data.DataLoader<Pair>(digits, { batchSize, shuffle: true, seed: 1 });
  const step = compile((x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  });
  const parameters = [...model.parameters()].reduce((sum, { numel }) => sum + numel, 0);
  console.log(`\n${name}: ${parameters.toLocaleString('en')} parameters`);
  const truth = labels.dataSync();
  let predicted: Int32Array = new Int32Array();
  let accuracy = 0;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    model.train();
    const result = trainEpoch(`epoch ${epoch}`, step, loader);
    schedule.step();
    model.eval();
    predicted = predictClasses(model, images);
    accuracy = metrics.accuracy(truth, predicted);
    const speed = Math.round(result.examplesPerSecond).toLocaleString('en');
    console.log(
      `epoch ${epoch}: loss ${result.loss.toFixed(4)}, test accuracy ${(accuracy * 100).toFixed(2)} %, ${speed} images/s`,
    );
  }
  console.log('\nConfusion matrix (rows: the digits, columns: the predictions)');
  console.log(table(metrics.confusionMatrix(truth, predicted)));
  console.log(`${name}: ${(accuracy * 100).toFixed(2)} %, goal ${(goal * 100).toFixed(2)} %`);
  if (accuracy < goal) process.exitCode = 1;
}

/** Counts in columns, zeros as dots. */
function table(matrix: readonly (readonly number[])[]): string {
  const header = matrix.map((_, digit) => String(digit).padStart(6)).join('');
  const rows = matrix.map(
    (row, digit) => `${String(digit).padStart(3)} |${row.map((n) => String(n || '·').padStart(6)).join('')}`,
  );
  return [`     ${header}`, ...rows].join('\n');
}

const info = await init({ threads: 'auto' });
console.log(`saraf on ${info.runtime}, ${info.simd} SIMD, ${info.threads} threads`);
const wanted = process.argv[2];
for (const [name, recipe] of Object.entries(recipes)) if (wanted === undefined || wanted === name) train(name, recipe);

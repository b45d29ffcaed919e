/** The tools of serious training, on a part of MNIST: 784-256-128-10 with batch norm, dropout, L2, warm-up, early stopping. */
import { data, EarlyStopping, init, LRScheduler, manualSeed, metrics, nn, optim, plot, Trainer } from 'saraf';
import { mnist } from 'saraf/node';
import { goal, percent, savePicture } from '../support/results.ts';

const [TRAIN, VALID, TEST] = [12_000, 2_000, 10_000];
const EPOCHS = 15;
const GOAL = 0.96;

await init({ threads: 'auto' });
manualSeed(1);
const { train, test } = mnist();
const part = ([images, labels]: typeof train.tensors, start: number, end: number) =>
  new data.TensorDataset(images.slice(0, start, end).flatten(1).clone(), labels.slice(0, start, end).clone());
const examples = part(train.tensors, 0, TRAIN);
const validationData = part(train.tensors, TRAIN, TRAIN + VALID);
const testing = part(test.tensors, 0, TEST);

const block = (inputs: number, outputs: number) => [
  new nn.Linear(inputs, outputs),
  new nn.BatchNorm1d(outputs),
  new nn.ReLU(),
  new nn.Dropout(0.3),
];
const model = new nn.Sequential(...block(784, 256), ...block(256, 128), new nn.Linear(128, 10));
const optimizer = new optim.Adam(model.parameters(), { lr: 0.003, weightDecay: 1e-5 });
const rates: number[] = [];
const stopping = new EarlyStopping({ patience: 4, restoreBestWeights: true });
const trainer = new Trainer(model, { optimizer, loss: 'crossEntropy', metrics: ['accuracy'] });
const { loss, valLoss = [] } = await trainer.fit(examples, {
  epochs: EPOCHS,
  batchSize: 128,
  validationData,
  callbacks: [
    { onEpochBegin: () => void rates.push(...optimizer.paramGroups.map(({ lr }) => lr)) },
    new LRScheduler(new optim.lrScheduler.WarmupCosineLR(optimizer, { warmupEpochs: 3, totalEpochs: EPOCHS })),
    stopping,
  ],
});
const [images, labels] = testing.tensors;
const predicted = (await trainer.predict(images, { batchSize: 500 })).argmax(1);
const accuracy = metrics.accuracy(labels, predicted);
console.log(`${TRAIN.toLocaleString('en')} digits, ${loss.length} epochs: test accuracy ${percent(accuracy)}`);
savePicture(
  'production-mlp',
  plot.lines({ loss, valLoss }, { title: '784-256-128-10', xLabel: 'epoch', yLabel: 'loss' }),
);
savePicture(
  'production-mlp-rates',
  plot.lines({ 'learning rate': rates }, { title: 'Warm-up, cosine', xLabel: 'epoch' }),
);
savePicture(
  'production-mlp-confusion',
  plot.confusion(metrics.confusionMatrix(labels, predicted), { title: 'Test digits' }),
);
goal(`${percent(GOAL)} are right`, accuracy >= GOAL);

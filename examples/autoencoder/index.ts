/** Digits through a bottleneck: a 784-128-32-128-784 network learns to draw MNIST's digits from 32 numbers. */
import { cat, F, init, manualSeed, nn, noGrad, optim, plot, Trainer } from 'saraf';
import { mnist } from 'saraf/node';
import { goal, savePicture } from '../support/results.ts';

const [TRAIN, TEST, SHOWN] = [12_000, 1_000, 10];
const EPOCHS = 12;
const GOAL = 0.02;

await init({ threads: 'auto' });
manualSeed(1);
const { train, test } = mnist();
const x = train.tensors[0].slice(0, 0, TRAIN).flatten(1).clone();
const xTest = test.tensors[0].slice(0, 0, TEST).flatten(1).clone();
const encoder = new nn.Sequential(new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 32));
const decoder = new nn.Sequential(new nn.Linear(32, 128), new nn.ReLU(), new nn.Linear(128, 784), new nn.Sigmoid());
const model = new nn.Sequential(encoder, decoder);
const trainer = new Trainer(model, {
  optimizer: new optim.Adam(model.parameters(), { lr: 0.002 }),
  loss: 'binaryCrossEntropy',
});
const history = await trainer.fit(x, x, { epochs: EPOCHS, batchSize: 128, validationData: [xTest, xTest] });

const drawn = await trainer.predict(xTest, { batchSize: 500 });
const error = noGrad(() => F.mseLoss(drawn, xTest).item());
const mean = noGrad(() => F.mseLoss(x.mean(0, { keepdim: true }).expand(TEST, 784), xTest).item());
console.log(`mean squared error per pixel: ${error.toFixed(4)}; of the mean digit: ${mean.toFixed(4)}`);
const rows = [xTest, drawn].map((images) => images.slice(0, 0, SHOWN));
const pictures = cat(rows, 0).reshape([2 * SHOWN, 28, 28]);
savePicture(
  'autoencoder',
  plot.images(pictures, { columns: SHOWN, title: 'Digits, and the same from 32 numbers', range: [0, 1] }),
);
savePicture(
  'autoencoder-training',
  plot.lines(history, { title: '784-128-32-128-784', xLabel: 'epoch', yLabel: 'loss' }),
);
goal(`error below ${GOAL}, and a quarter of the mean digit's`, error < GOAL && error < mean / 4);

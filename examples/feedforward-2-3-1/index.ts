/** A network of 2, 3 and 1 neurons, computed by hand and by layers, then taught AND. */
import { F, manualSeed, nn, noGrad, optim, plot, tensor } from 'saraf';
import { goal, savePicture } from '../support/results.ts';
import { trainStep } from '../support/training.ts';

const hidden = {
  weight: [
    [0.5, -0.4],
    [0.3, 0.8],
    [-0.6, 0.1],
  ],
  bias: [0.1, -0.2, 0.05],
};
const output = { weight: [[0.7, -0.5, 0.2]], bias: [0.3] };
const input = [0.9, -0.3];

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));
const layer = ({ weight, bias }: typeof hidden, values: number[]) =>
  weight.map((row, j) => sigmoid(row.reduce((sum, w, i) => sum + w * (values[i] ?? 0), bias[j] ?? 0)));
const [byHand = Number.NaN] = layer(output, layer(hidden, input));

manualSeed(2);
const model = new nn.Sequential(new nn.Linear(2, 3), new nn.Sigmoid(), new nn.Linear(3, 1), new nn.Sigmoid());
model.loadStateDict({
  '0.weight': tensor(hidden.weight),
  '0.bias': tensor(hidden.bias),
  '2.weight': tensor(output.weight),
  '2.bias': tensor(output.bias),
});
const byLayers = noGrad(() => model.forward(tensor([input])).item());
console.log(`by hand ${byHand.toFixed(7)}, by layers ${byLayers.toFixed(7)}`);
savePicture('feedforward-2-3-1', plot.graph(model, { title: '2-3-1' }));
goal('both agree to a millionth', Math.abs(byHand - byLayers) < 1e-6);

const x = tensor([
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
]);
const and = tensor([[0], [0], [0], [1]]);
const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
const step = trainStep(optimizer, () => F.binaryCrossEntropy(model.forward(x), and));
for (let i = 0; i < 1000; i++) step();
const learned = noGrad(() => Array.from(model.forward(x).dataSync()));
console.log(`AND: ${learned.map((value) => value.toFixed(3)).join(' ')}`);
goal(
  'AND: all four within 0.1',
  learned.every((value, i) => Math.abs(value - (i === 3 ? 1 : 0)) < 0.1),
);

/** A perceptron learns OR, and cannot learn XOR. */
import { Perceptron, plot } from 'saraf';
import { goal, savePicture } from '../support/results.ts';

const x = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const or = [0, 1, 1, 1];
const xor = [0, 1, 1, 0];

const perceptron = new Perceptron({ lr: 0.1, epochs: 100, seed: 1 }).fit(x, or);
console.log(`OR:  ${perceptron.predict(x).join(' ')}`);
const hopeless = new Perceptron({ lr: 0.1, epochs: 100, seed: 1 }).fit(x, xor);
console.log(`XOR: ${hopeless.predict(x).join(' ')}; no line can separate its classes`);

savePicture('perceptron-or', plot.decisionBoundary(perceptron, x, or, { title: 'OR', xLabel: 'a', yLabel: 'b' }));
goal('OR: all four are right', perceptron.score(x, or) === 1);
goal('XOR: three of four at most', hopeless.score(x, xor) <= 0.75);

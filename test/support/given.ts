/** Names that examples in the documentation may use without declaring them: a small model, its optimizer, and data. */
import { manualSeed, nn, optim, randn, Trainer, tensor } from '../../src/index.ts';

/** `y` has the classes 0 … 2 of the rows of `x`; `model` gives their logits. */
export function given() {
  manualSeed(1);
  const x = randn(12, 4);
  const y = tensor(Int32Array.from({ length: 12 }, (_, i) => i % 3));
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 3));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const trainer = new Trainer(model, { optimizer, loss: 'crossEntropy', metrics: ['accuracy'] });
  return { x, y, xTrain: x, yTrain: y, xTest: x, yTest: y, model, optimizer, trainer };
}

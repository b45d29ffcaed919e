/** A small classifier with dropout, and its training step, for the tests of `compile`. */
import { F, manualSeed, nn, type optim, randn, type Tensor, tensor } from '../../src/index.ts';

export const labels = () => tensor([1, 0, 2, 1], { dtype: 'int32' });

export function classifier(seed = 3) {
  manualSeed(seed);
  const model = new nn.Sequential(new nn.Linear(5, 8), new nn.ReLU(), new nn.Dropout(0.3), new nn.Linear(8, 3));
  const x = randn(4, 5);
  return { model, x };
}

export function trainer(model: nn.Sequential, optimizer: optim.SGD | optim.Adam) {
  return (x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
}

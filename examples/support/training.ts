/** One compiled step of training, for examples that write their own loops. */
import { compile, type Tensor } from 'saraf';

interface Steps {
  zeroGrad(): void;
  step(): unknown;
}

/** A compiled step: the loss of a batch, its gradients, the optimizer's step. */
export function trainStep<T extends Tensor[]>(
  optimizer: Steps,
  loss: (...batch: T) => Tensor,
): (...batch: T) => Tensor {
  return compile((...batch: T) => {
    optimizer.zeroGrad();
    const value = loss(...batch);
    value.backward();
    optimizer.step();
    return value;
  });
}

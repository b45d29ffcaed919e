/** saraf's side of the whole networks. */
import type { Tensor } from '../../src/index.ts';
import type { Prepared } from '../harness/types.ts';
import { NETWORK_CHECKED_STEPS, type NetworkModel, type NetworkProblem, networkState } from './network.ts';

type Saraf = typeof import('../../src/index.ts');

function build({ nn, models }: Saraf, model: NetworkModel) {
  if (model === 'resnet18') return models.resnet18();
  const block = (inChannels: number, outChannels: number) => [
    new nn.Conv2d(inChannels, outChannels, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
  ];
  const blocks = [...block(1, 32), ...block(32, 64), ...block(64, 128)];
  return new nn.Sequential(...blocks, new nn.Flatten(), new nn.Linear(128 * 3 * 3, 10));
}

export function sarafNetwork(saraf: Saraf, problem: NetworkProblem, compiled: boolean): Prepared {
  const { compile, F, manualSeed, noGrad, optim, scope, tensor } = saraf;
  manualSeed(1);
  const model = build(saraf, problem.model);
  scope(() => void model.loadStateDict(networkState(model.stateDict(), tensor)));
  const x = tensor(problem.x, { shape: problem.inputShape });
  if (problem.labels === undefined) {
    model.eval();
    const forward = (input: Tensor) => noGrad(() => model.forward(input));
    const call = compiled ? compile(forward) : forward;
    return {
      run: () => scope(() => void call(x)),
      output: () => scope(() => call(x).dataSync()),
      dispose: () => [x, model].forEach((t) => void t.dispose()),
    };
  }
  const y = tensor(problem.labels, { dtype: 'int32' });
  const optimizer = new optim.Adam(model.parameters(), { lr: problem.lr });
  const step = (input: Tensor, wanted: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(model.forward(input), wanted);
    loss.backward();
    optimizer.step();
    return loss;
  };
  const call = compiled ? compile(step) : step;
  return {
    run: () => scope(() => void call(x, y)),
    output: () => Array.from({ length: NETWORK_CHECKED_STEPS }, () => scope(() => call(x, y).item())),
    dispose: () => [x, y, model].forEach((t) => void t.dispose()),
  };
}

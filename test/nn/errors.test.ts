/** Bad input to selections, losses and layers. */
import { describe, expect, it } from 'vitest';
import * as saraf from '../../src/index.ts';
import { ArgumentError, DTypeError, F, nn, ones, ShapeError, tensor } from '../../src/index.ts';
import { check } from '../support/refusals.ts';

const m = () => ones(2, 3);
const whole = (...values: number[]) => tensor(values, { dtype: 'int32' });
const layerOf = (inFeatures: unknown) => new nn.Linear(wrong(inFeatures), 2);
/** For arguments that the types refuse as well. */
const wrong = (x: unknown) => x as never;

describe('selections, softmax and losses refuse', () => {
  const ce = (target: unknown, options?: object) => () => F.crossEntropy(m(), wrong(target), options);
  check([
    [
      'where on floats',
      () => saraf.where(m(), 1, 2),
      DTypeError,
      'where: condition must be bool or int32, got float32',
    ],
    [
      'where on shapes that do not broadcast',
      () => saraf.where(m().gt(0), ones(4), 2),
      ShapeError,
      'where: shapes do not broadcast: [2,3] and [4]',
    ],
    [
      'clamp to text',
      () => m().clamp(wrong('a')),
      ArgumentError,
      'clamp: min must be a tensor or a number, got string',
    ],
    ['softmax of int32', () => saraf.softmax(whole(1, 2)), DTypeError, 'softmax: input must be float32, got int32'],
    [
      'softmax over a dimension out of range',
      () => saraf.softmax(m(), 2),
      ArgumentError,
      'softmax: dim 2 is out of range for 2 dimensions',
    ],
    [
      'F.softmax, misspelt option',
      () => F.softmax(m(), wrong({ axis: 1 })),
      ArgumentError,
      'softmax: unknown option axis (known: dim, dtype)',
    ],
    [
      'F.logSoftmax, a number for options',
      () => F.logSoftmax(m(), wrong(1)),
      ArgumentError,
      'logSoftmax: options must be an object such as { dim: 1 }, got 1',
    ],
    [
      'crossEntropy with targets of another length',
      ce(whole(0)),
      ShapeError,
      'crossEntropy: target must be [2], one class for each row of the input, got [1]',
    ],
    [
      'crossEntropy of a class out of range',
      ce(whole(0, 3)),
      ArgumentError,
      'crossEntropy: target 3 is out of range for 3 classes',
    ],
    ['crossEntropy of class -1', ce(whole(0, -1)), ArgumentError, 'crossEntropy: target -1 is out of range'],
    [
      'crossEntropy of float targets',
      ce(ones(2)),
      DTypeError,
      'crossEntropy: target must be int32 class indices, got float32',
    ],
    [
      'crossEntropy of one dimension',
      () => F.crossEntropy(ones(3), whole(1)),
      ShapeError,
      'crossEntropy: target must be [], one class for each row of the input',
    ],
    [
      'crossEntropy, reduction',
      ce(whole(0, 1), { reduction: 'avg' }),
      ArgumentError,
      "crossEntropy: reduction must be 'none', 'mean' or 'sum', got avg",
    ],
    [
      'crossEntropy, misspelt option',
      ce(whole(0, 1), { weights: ones(3) }),
      ArgumentError,
      'crossEntropy: unknown option weights (known: weight, reduction, ignoreIndex, labelSmoothing)',
    ],
    [
      'crossEntropy, weight',
      ce(whole(0, 1), { weight: ones(2) }),
      ShapeError,
      'crossEntropy: weight must be [3], got [2]',
    ],
    [
      'crossEntropy, labelSmoothing',
      ce(whole(0, 1), { labelSmoothing: 2 }),
      ArgumentError,
      'crossEntropy: labelSmoothing must be between 0 and 1, got 2',
    ],
    [
      'mseLoss of different shapes',
      () => F.mseLoss(m(), ones(3)),
      ShapeError,
      'mseLoss: input and target differ in shape: [2,3] and [3]',
    ],
    [
      'mseLoss of a number',
      () => F.mseLoss(m(), wrong(1)),
      ArgumentError,
      'mseLoss: target must be a tensor, got number',
    ],
    ['mseLoss of int32', () => F.mseLoss(whole(1), whole(1)), DTypeError, 'mseLoss: input must be float32, got int32'],
    [
      'mseLoss, reduction',
      () => F.mseLoss(m(), m(), { reduction: wrong('max') }),
      ArgumentError,
      'mseLoss: reduction must be',
    ],
    [
      'binaryCrossEntropy of different shapes',
      () => F.binaryCrossEntropy(m(), ones(2)),
      ShapeError,
      'binaryCrossEntropy: input and target differ in shape',
    ],
    [
      'binaryCrossEntropy, weight',
      () => F.binaryCrossEntropy(m(), m(), { weight: ones(4) }),
      ShapeError,
      'binaryCrossEntropy: weight [4] cannot be stretched to [2,3]',
    ],
    [
      'binaryCrossEntropy, wider weight',
      () => F.binaryCrossEntropy(m(), m(), { weight: ones(4, 2, 3) }),
      ShapeError,
      'cannot be stretched to [2,3]',
    ],
    ['dropout, p', () => F.dropout(m(), { p: 1.5 }), ArgumentError, 'dropout: p must be between 0 and 1, got 1.5'],
    ['dropout of a number', () => F.dropout(wrong(3)), ArgumentError, 'dropout: input must be a tensor, got number'],
    [
      'Linear, misspelt option',
      () => new nn.Linear(2, 3, wrong({ Bias: true })),
      ArgumentError,
      'Linear: unknown option Bias (known: bias)',
    ],
    [
      'Linear without size',
      () => new nn.Linear(2, wrong(undefined)),
      ArgumentError,
      'Linear: outFeatures must be a whole number of at least 1, got undefined',
    ],
  ]);
});

describe('mistakes of beginners are refused', () => {
  const layer = () => new nn.Linear(2, 2);
  const own = saraf.keep(new nn.Linear(2, 2).weight);
  const model = { forward: () => own } as unknown as nn.Module;
  check([
    [
      'a list in a Sequential',
      () => new nn.Sequential(wrong([])),
      ArgumentError,
      'Sequential: argument 0 is not a module but an array; spread a list: new nn.Sequential(...list)',
    ],
    [
      'a class in a Sequential',
      () => new nn.Sequential(wrong(nn.ReLU)),
      ArgumentError,
      'Sequential: argument 0 is not a module but the class ReLU, without new',
    ],
    [
      'a LayerNorm without sizes',
      () => new nn.LayerNorm(wrong(undefined)),
      ArgumentError,
      'LayerNorm: normalizedShape must be a whole number of at least 1, got undefined',
    ],
    [
      'numbers as texts',
      () => layerOf('2'),
      ArgumentError,
      'Linear: inFeatures must be a whole number of at least 1, got "2"',
    ],
    [
      'a model where its parameters are expected',
      () => nn.utils.clipGradNorm_(wrong(model), 1),
      ArgumentError,
      'clipGradNorm_: params must be a list of tensors such as model.parameters(), got object',
    ],
    [
      'gradcheck of nothing',
      () => saraf.gradcheck(wrong(undefined), []),
      ArgumentError,
      'gradcheck: expected a function',
    ],
    [
      'gradcheck of a tensor',
      () => saraf.gradcheck((x) => x, wrong(own)),
      ArgumentError,
      'gradcheck: expected a function and a list of tensors, got function and Parameter',
    ],
    ['noGrad of nothing', () => saraf.noGrad(wrong(undefined)), ArgumentError, 'noGrad: expected a function'],
    [
      'an array where a tensor is expected',
      () => m().add(wrong([1])),
      ArgumentError,
      'must be a tensor or a number, got an array',
    ],
  ]);

  it.each<[string, () => nn.Module]>([
    ['flatten', () => new nn.Flatten()],
    ['relu', () => new nn.ReLU()],
    ['sigmoid', () => new nn.Sigmoid()],
    ['tanh', () => new nn.Tanh()],
    ['TransformerEncoderLayer', () => new nn.TransformerEncoderLayer(2, 1)],
  ])('%s of a value that is not a tensor', (op, make) => {
    const module = make();
    const forward = module.forward as (x: unknown) => unknown;
    for (const [given, name] of [
      [[1, 2], 'an array'],
      [undefined, 'undefined'],
      [new Float32Array(2), 'Float32Array'],
    ]) {
      expect(() => forward.call(module, given)).toThrow(ArgumentError);
      expect(() => forward.call(module, given)).toThrow(`${op}: input must be a tensor, got ${name}`);
    }
    module.dispose();
  });

  it.each([
    ['undefined', undefined, 'loadStateDict: state must be an object { name: tensor }, got undefined'],
    ['arrays', { weight: [1], bias: [2] }, 'loadStateDict: weight must be a tensor, got an array'],
  ])('loadStateDict of %s', (_, state, message) => {
    const linear = layer();
    expect(() => linear.loadStateDict(wrong(state))).toThrow(ArgumentError);
    expect(() => linear.loadStateDict(wrong(state))).toThrow(message);
    linear.dispose();
  });

  it('summary without a shape', () => {
    const linear = layer();
    expect(() => saraf.summary(linear, wrong(undefined))).toThrow(ShapeError);
    expect(() => saraf.summary(linear, wrong(undefined))).toThrow(
      'summary: inputShape must be a list of sizes, got undefined',
    );
    linear.dispose();
  });
});

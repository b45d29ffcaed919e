import { describe, expect, it } from 'vitest';
import { nn } from '../../src/index.ts';

const layers: Record<string, (bias: unknown) => unknown> = {
  Linear: (bias) => new nn.Linear(2, 3, { bias: bias as boolean }),
  Conv2d: (bias) => new nn.Conv2d(1, 2, 3, { bias: bias as boolean }),
  LSTM: (bias) => new nn.LSTM(2, 3, { bias: bias as boolean }),
  MultiheadAttention: (bias) => new nn.MultiheadAttention(4, 2, { bias: bias as boolean }),
};

describe('bias is true or false', () => {
  it.each(Object.keys(layers))('in %s', (name) => {
    for (const value of ['false', '', 0, 1])
      expect(() => layers[name]!(value)).toThrow(`${name}: bias must be true or false, got`);
    for (const value of [true, false, undefined]) expect(() => layers[name]!(value)).not.toThrow();
  });
});

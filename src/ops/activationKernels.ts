/** Activations with kernels of their own: networks run them often, and they would take many commands otherwise. */
import { floatBits } from '../../bindings/commands/program.ts';
import { commonExecutor, emitBinary, emitUnary } from '../emit/emit.ts';
import { record } from '../tape/record.ts';
import { broadcastShapes } from '../tensor/shapes.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { tensorPair } from './operands.ts';

/** x·Φ(x), x·σ(2u) and x·σ(x); see the command table. */
export function gatedUnit(fn: 'gelu' | 'geluTanh' | 'silu', x: Tensor): Tensor {
  return record(fn, [x], emitUnary(fn, x, 'float32'));
}

/** Their gradients g·f′(x). */
export function activationGrad(fn: 'geluGrad' | 'geluTanhGrad' | 'siluGrad', x: Tensor, g: Tensor): Tensor {
  commonExecutor(fn, x, g);
  return record(fn, [x, g], emitBinary(fn, x, g, broadcastShapes(fn, x.shape, g.shape), 'float32'));
}

/** ln(1 + e^(βx)) / β; x where βx > threshold. */
export function softplusUnit(x: Tensor, beta: number, threshold: number): Tensor {
  const y = emitUnary('softplus', x, 'float32', floatBits(beta), floatBits(threshold));
  return record('softplus', [x], y, { beta, threshold });
}

/** x where x > 0, else factor·(e^(scale·x) − 1). */
export function eluUnit(x: Tensor, factor: number, scale: number): Tensor {
  return record('elu', [x], emitUnary('elu', x, 'float32', floatBits(factor), floatBits(scale)), { factor, scale });
}

/** x where x > 0, else slope·x. */
export function leakyUnit(x: Tensor, slope: number): Tensor {
  return record('leakyRelu', [x], emitUnary('leakyRelu', x, 'float32', floatBits(slope)), { slope });
}

/** g where y > 0, else 0: the gradient of relu from its output. */
export function reluGrad(y: Tensor, g: Tensor): Tensor {
  return tensorPair('reluGrad', 'reluGrad', 'reluGrad', y, g, 'float32');
}

/** g·y·(1 − y): the gradient of sigmoid from its output. */
export function sigmoidGrad(y: Tensor, g: Tensor): Tensor {
  return tensorPair('sigmoidGrad', 'sigmoidGrad', 'sigmoidGrad', y, g, 'float32');
}

/** g·(1 − y²): the gradient of tanh from its output. */
export function tanhGrad(y: Tensor, g: Tensor): Tensor {
  return tensorPair('tanhGrad', 'tanhGrad', 'tanhGrad', y, g, 'float32');
}

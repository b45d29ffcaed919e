/** TensorFlow.js: only its core and its wasm backend. Pages find the backend's files next to them. */

import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { matMul, setBackend, tensor2d } from '@tensorflow/tfjs-core';

export async function product() {
  if (typeof document === 'object') setWasmPaths('/');
  if (!(await setBackend('wasm'))) throw new Error('the wasm backend does not start');
  const a = tensor2d([1, 2, 3, 4], [2, 2]);
  return matMul(a, a).dataSync();
}

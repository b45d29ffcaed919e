/** Exported models give the same results in onnxruntime-web as in saraf, for a batch size that was never traced. */
import { describe, it } from 'vitest';
import { exportOnnx, manualSeed } from '../../src/index.ts';
import { networks, type OnnxCase, onnxCases } from '../support/onnxCases.ts';
import { expectClose, inputsOf, resultsOf } from '../support/onnxClose.ts';
import { hasOnnxRuntime, runOnnx } from '../support/onnxRuntime.ts';

const BATCH = 5;

async function check(given: OnnxCase): Promise<void> {
  manualSeed(7);
  const model = given.make();
  const bytes = exportOnnx(model, given.shapes, { dtypes: given.dtypes });
  const inputs = inputsOf(given, BATCH);
  expectClose(await runOnnx(bytes, inputs), resultsOf(model, inputs), given.tolerance ?? 1e-5);
}

describe.skipIf(!hasOnnxRuntime)(
  'onnxruntime-web gives the same results (npm ci --prefix test/onnxruntime installs it)',
  () => {
    it.each(Object.keys(onnxCases))('%s', async (name) => check(onnxCases[name]!));
    it.each(Object.keys(networks))('%s', async (name) => check(networks[name]!));
  },
);

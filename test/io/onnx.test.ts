/** ONNX there and back: what is exported and read again gives the same, and is a model like any other. */
import { describe, expect, it } from 'vitest';
import { exportOnnx, loadOnnx, manualSeed } from '../../src/index.ts';
import { inputsOf, networks, type OnnxCase, onnxCases, resultsOf } from '../support/onnxCases.ts';
import { expectClose } from '../support/onnxClose.ts';

const BATCH = 5;

function check(given: OnnxCase): void {
  manualSeed(7);
  const model = given.make();
  const bytes = exportOnnx(model, given.shapes, { dtypes: given.dtypes });
  const loaded = loadOnnx(bytes);
  const inputs = inputsOf(given, BATCH);
  expectClose(resultsOf(loaded, inputs), resultsOf(model, inputs), given.tolerance ?? 1e-5);
}

describe('there and back', () => {
  it.each(Object.keys(onnxCases))('%s', (name) => check(onnxCases[name]!));
  it.each(Object.keys(networks))('%s', (name) => check(networks[name]!), 60_000);
});

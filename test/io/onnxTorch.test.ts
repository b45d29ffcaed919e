/** Files written by PyTorch's exporter give PyTorch's results. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compile, type DType, loadOnnx, memory, noGrad, scope, type Tensor, tensor } from '../../src/index.ts';
import { expectClose, resultsOf } from '../support/onnxClose.ts';

interface Values {
  shape: number[];
  dtype: DType;
  data: number[];
}
interface Fixture {
  name: string;
  opset: number;
  model: string;
  inputs: Values[];
  outputs: Values[];
}

const fixtures = readFileSync(new URL('../golden/onnx.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Fixture);

const toTensor = ({ data, shape, dtype }: Values) => tensor(data, { shape, dtype });
const bytesOf = ({ model }: Fixture) => new Uint8Array(Buffer.from(model, 'base64'));

/** Float64 models are float32 here, and PyTorch sums in another order. */
const TOLERANCE = 2e-5;

describe("files from PyTorch's exporter give PyTorch's results", () => {
  it.each(fixtures.map((fixture) => [`${fixture.name}, opset ${fixture.opset}`, fixture] as const))(
    '%s',
    (_, fixture) => {
      const model = loadOnnx(bytesOf(fixture));
      expectClose(resultsOf(model, fixture.inputs.map(toTensor)), fixture.outputs.map(toTensor), TOLERANCE);
    },
  );

  it.each(fixtures.map((fixture) => [`${fixture.name}, opset ${fixture.opset}`, fixture] as const))(
    'compiled and without leaks: %s',
    (_, fixture) => {
      const before = memory().tensors;
      const model = loadOnnx(bytesOf(fixture)).eval();
      const inputs = fixture.inputs.map(toTensor);
      const run = compile((...xs: Tensor[]) => noGrad(() => [model.forward(...xs)].flat()));
      for (let i = 0; i < 2; i++) scope(() => expectClose(run(...inputs), fixture.outputs.map(toTensor), TOLERANCE));
      run.dispose();
      for (const x of inputs) x.dispose();
      model.dispose();
      expect(memory().tensors).toBe(before);
    },
  );
});

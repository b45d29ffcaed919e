/** ONNX files by path. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FormatError, nn, exportOnnx as onnxBytes, randn, type Tensor } from '../../src/index.ts';
import { exportOnnx, loadOnnx } from '../../src/node/index.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'saraf-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

it('an ONNX file is written completely or not at all, and can be read', () => {
  const [model, path] = [new nn.Linear(3, 2), join(dir, 'model.onnx')];
  exportOnnx(model, [null, 3], path, { outputNames: ['y'] });
  expect(new Uint8Array(readFileSync(path))).toEqual(onnxBytes(model, [null, 3], { outputNames: ['y'] }));
  expect(readdirSync(dir)).toEqual(['model.onnx']);
  const x = randn(4, 3);
  const loaded = loadOnnx(path);
  expect(loaded.outputs).toEqual(['y']);
  expect((loaded.forward(x) as Tensor).toArray()).toEqual(model.forward(x).toArray());

  expect(() => exportOnnx(model, [null, 4], path)).toThrow(/must end in the weight's 3 input features/);
  expect(loadOnnx(path).outputs).toEqual(['y']);
  writeFileSync(path, 'no model');
  expect(() => loadOnnx(path)).toThrow(FormatError);
  expect(() => loadOnnx(join(dir, 'none.onnx'))).toThrow(/ENOENT/);
});

/** ONNX graphs in compiled functions: values that depend only on constants are computed while the function is recorded. */
import { describe, expect, it } from 'vitest';
import { compile, full, loadOnnx, ones, scope, type Tensor } from '../../src/index.ts';
import { tensorProtoOf } from '../../src/io/onnx/tensors.ts';
import { type NodeProto, type Written, writeModel } from '../../src/io/onnx/wire.ts';
import { inUse, isParking } from '../support/inUse.ts';

const [FLOAT, INT64] = [1, 7];
/** More elements than nodes keep as numbers. */
const MANY = 5000;

const node = (opType: string, input: string[], output: string[], attribute: NodeProto['attribute'] = []) =>
  ({ opType, name: output[0]!, input, output, attribute }) as Written<NodeProto>;
const info = (name: string, elemType: number, ...dim: number[]) => ({
  name,
  type: { tensorType: { elemType, shape: { dim: dim.map((dimValue) => ({ dimValue })) } } },
});

function model(nodes: Written<NodeProto>[], outputs: [name: string, type: number][], columns: number) {
  const bytes = writeModel({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      node: nodes,
      name: 'test',
      initializer: [
        tensorProtoOf([], INT64, [0], 'zero'),
        tensorProtoOf([], INT64, [1], 'one'),
        tensorProtoOf([], INT64, [columns], 'end'),
        tensorProtoOf([2], FLOAT, [7, 8], 'held'),
        tensorProtoOf([2], INT64, [5, 6], 'heldInts'),
      ],
      input: [info('x', FLOAT, 2, columns)],
      output: outputs.map(([name, elemType]) => ({ name, type: { tensorType: { elemType } } })),
    },
  });
  return loadOnnx(bytes);
}

describe('in a compiled function', () => {
  it('large values made of constants are computed once, and belong to the program', () => {
    scope(() => {
      const onnx = model(
        [
          node('Range', ['zero', 'end', 'one'], ['range']),
          node('Cast', ['range'], ['floats'], [{ name: 'to', type: 2, i: FLOAT }] as never),
          node('Mul', ['x', 'floats'], ['y']),
        ],
        [['y', FLOAT]],
        MANY,
      );
      let recorded = 0;
      const run = compile((x: Tensor) => {
        recorded++;
        return onnx.forward(x) as Tensor;
      });
      const x = ones(2, MANY);
      const expected = Float32Array.from({ length: 2 * MANY }, (_, i) => i % MANY);
      const own: Tensor[] = [];
      for (let i = 0; i < 5; i++) {
        expect(run(x).dataSync()).toEqual(expected);
        // The caller's own tensors, with the same sizes as values of the graph.
        own.push(full([MANY], i), full([2, MANY], i));
      }
      own.forEach((t, i) => {
        expect(t.dataSync().every((value) => value === i >> 1)).toBe(true);
      });
      expect(recorded).toBe(1);
      const before = inUse();
      scope(() => void run(x));
      // What a program needs only while it runs is not kept when it is parked.
      if (!isParking) expect(inUse()).toEqual(before);
      run.dispose();
      onnx.dispose();
    });
  });

  it('results that do not depend on the input are right', () => {
    scope(() => {
      const onnx = model(
        [
          node('Shape', ['x'], ['shape']),
          node('Size', ['x'], ['size']),
          node('Range', ['zero', 'end', 'one'], ['range']),
          node('Constant', [], ['constant'], [{ name: 'value_floats', type: 6, floats: [1.5, 2.5] }] as never),
          node('Identity', ['held'], ['same']),
        ],
        [
          ['shape', INT64],
          ['size', INT64],
          ['range', INT64],
          ['constant', FLOAT],
          ['same', FLOAT],
          ['held', FLOAT],
          ['heldInts', INT64],
        ],
        3,
      );
      const run = compile((x: Tensor) => onnx.forward(x) as Tensor[]);
      const x = ones(2, 3);
      for (let i = 0; i < 3; i++) {
        full([2], 9).dispose();
        expect(run(x).map((t) => t.toArray())).toEqual([[2, 3], 6, [0, 1, 2], [1.5, 2.5], [7, 8], [7, 8], [5, 6]]);
      }
      run.dispose();
      onnx.dispose();
    });
  });
});

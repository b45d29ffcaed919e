/** Integers of ONNX: exact in 32 bits, wrapped in 8 and 16, refused by name beyond; and positions of Resize that depend on the last bit. */
import { describe, expect, it } from 'vitest';
import {
  compile,
  type DType,
  loadModel,
  loadOnnx,
  type OnnxModel,
  saveModel,
  scope,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import { elementTypes, INT64, tensorProtoOf } from '../../src/io/onnx/tensors.ts';
import { type AttributeProto, type TensorProto, type Written, writeModel } from '../../src/io/onnx/wire.ts';

const UINT8 = 2;
const INT8 = 3;
const UINT16 = 4;
const INT16 = 5;
const INT32 = elementTypes.int32;

interface Node {
  op: string;
  inputs: string[];
  attributes?: Written<AttributeProto>[];
}

/** A chain of nodes that give n0, n1, …; the last one is the output. */
function chain(nodes: Node[], types: number[], constants: Written<TensorProto>[] = [], opset = 17): OnnxModel {
  const bytes = writeModel({
    irVersion: 8,
    opsetImport: [{ domain: '', version: opset }],
    graph: {
      node: nodes.map(({ op, inputs, attributes = [] }, i) => ({
        opType: op,
        name: op,
        input: inputs,
        output: [`n${i}`],
        attribute: attributes,
      })),
      name: 'test',
      initializer: constants,
      input: types.map((elemType, i) => ({ name: `x${i}`, type: { tensorType: { elemType } } })),
      output: [{ name: `n${nodes.length - 1}` }],
    },
  });
  return loadOnnx(bytes);
}

const int = (...values: number[]) => tensor(values, { dtype: 'int32' });

/** The results of a model, eager, compiled, and after it has been saved. */
function everywhere(model: OnnxModel, inputs: Tensor[]): number[] {
  const of = (run: (...x: Tensor[]) => Tensor) => scope(() => [...run(...inputs).dataSync()]);
  const eager = of((...x) => model.forward(...x) as Tensor);
  expect(of(compile((...x: Tensor[]) => model.forward(...x) as Tensor))).toEqual(eager);
  const restored = loadModel(saveModel(model)).model as OnnxModel;
  expect(of((...x) => restored.forward(...x) as Tensor)).toEqual(eager);
  return eager;
}

const edges = [0, 1, -1, 2, -7, 10, 33, 16777217, -16777219, 2147483647, -2147483648, -2147483647, 1234567890];

describe('integers', () => {
  const pairs = edges.flatMap((a) => edges.filter((b) => b !== 0).map((b) => [a, b] as const));
  const [a, b] = [int(...pairs.map(([x]) => x)), int(...pairs.map(([, y]) => y))];
  const floorMod = (x: number, y: number) => x - Math.floor(x / y) * y;

  it.each<[string, Node, (x: number, y: number) => number]>([
    ['Div', { op: 'Div', inputs: ['x0', 'x1'] }, (x, y) => Math.trunc(x / y) | 0],
    ['Mod', { op: 'Mod', inputs: ['x0', 'x1'] }, floorMod],
    [
      'Mod with fmod',
      { op: 'Mod', inputs: ['x0', 'x1'], attributes: [{ name: 'fmod', type: 2, i: 1 }] },
      (x, y) => x % y,
    ],
  ])('%s is exact', (_, node, fn) => {
    const expected = pairs.map(([x, y]) => fn(x, y) + 0);
    expect(everywhere(chain([node], [INT32, INT32]), [a, b])).toEqual(expected);
    expect(everywhere(chain([node], [INT64, INT64]), [a, b])).toEqual(expected);
  });

  it('in constants are divided like those in tensors', () => {
    const ten = tensorProtoOf([], INT64, [10], 'ten');
    expect(everywhere(chain([{ op: 'Mod', inputs: ['x0', 'ten'] }], [INT32], [ten]), [int(2147483647)])).toEqual([7]);
    expect(everywhere(chain([{ op: 'Div', inputs: ['x0', 'ten'] }], [INT32], [ten]), [int(2147483647)])).toEqual([
      214748364,
    ]);
  });

  const wraps: [string, number, number[], number[], number[]][] = [
    ['Add', UINT8, [200, 255], [100, 1], [44, 0]],
    ['Sub', UINT8, [1, 0], [2, 255], [255, 1]],
    ['Mul', UINT8, [16, 255], [16, 255], [0, 1]],
    ['Add', INT8, [127, -128], [1, -1], [-128, 127]],
    ['Mul', INT16, [300, -300], [300, 300], [24464, -24464]],
    ['Add', UINT16, [65535, 1], [1, 1], [0, 2]],
    ['Div', INT8, [-128, 7], [-1, 2], [-128, 3]],
  ];
  it.each(wraps)('%s of element type %i wraps', (op, type, x, y, expected) => {
    expect(everywhere(chain([{ op, inputs: ['x0', 'x1'] }], [type, type]), [int(...x), int(...y)])).toEqual(expected);
    const constant = { dims: [2], dataType: type, int32Data: y, name: 'c' };
    expect(everywhere(chain([{ op, inputs: ['x0', 'c'] }], [type], [constant]), [int(...x)])).toEqual(expected);
    // The type is kept by operations that move elements.
    const moved = chain(
      [
        { op: 'Identity', inputs: ['x0'] },
        { op: 'Concat', inputs: ['n0'], attributes: [{ name: 'axis', type: 2, i: 0 }] },
        { op, inputs: ['n1', 'x1'] },
      ],
      [type, type],
    );
    expect(everywhere(moved, [int(...x), int(...y)])).toEqual(expected);
  });

  it('Cast wraps to its type, and ends the wrapping', () => {
    const cast = (to: number, input = 'x0'): Node => ({
      op: 'Cast',
      inputs: [input],
      attributes: [{ name: 'to', type: 2, i: to }],
    });
    expect(everywhere(chain([cast(UINT8)], [INT32]), [int(300, -1, 255)])).toEqual([44, 255, 255]);
    expect(everywhere(chain([cast(INT8)], [INT32]), [int(300, 200, -129)])).toEqual([44, -56, 127]);
    expect(everywhere(chain([cast(UINT16)], [INT32]), [int(65536, -1)])).toEqual([0, 65535]);
    expect(everywhere(chain([cast(INT16)], [INT32]), [int(32768, -32769)])).toEqual([-32768, 32767]);
    const wide = chain([cast(INT32), { op: 'Add', inputs: ['n0', 'n0'] }], [UINT8]);
    expect(everywhere(wide, [int(200)])).toEqual([400]);
    const back = chain(
      [{ op: 'Add', inputs: ['x0', 'x0'] }, cast(UINT8, 'n0'), { op: 'Add', inputs: ['n1', 'n1'] }],
      [INT32],
    );
    expect(everywhere(back, [int(200)])).toEqual([32]);
  });

  it('beyond 32 bits are refused by name', () => {
    const most = tensorProtoOf([1], INT64, [3000000000], 'most');
    const model = () => chain([{ op: 'Add', inputs: ['x0', 'most'] }], [INT64], [most]).forward(int(1));
    expect(model).toThrow(/(most|node Add \(Add\)): 3000000000 does not fit into int32/);
  });
});

describe('Resize', () => {
  const ramp = (n: number) =>
    tensor(
      Float32Array.from({ length: n }, (_, i) => i + 1),
      { shape: [1, 1, 1, n] },
    );
  const resize = (op: string, factor: number, opset: number, attributes: Record<string, string>) => {
    const scales = tensorProtoOf([4], 1, [1, 1, 1, factor], 'scales');
    const inputs = opset < 11 ? ['x0', 'scales'] : ['x0', '', 'scales'];
    const list = Object.entries(attributes).map(([name, s]): Written<AttributeProto> => ({ name, type: 3, s }));
    return chain([{ op, inputs, attributes: list }], [elementTypes['float32' satisfies DType]], [scales], opset);
  };

  it.each<[string, string, number, number, Record<string, string>, number, number[]]>([
    ['of opset 10, up', 'Resize', 2, 10, { mode: 'nearest' }, 3, [1, 1, 2, 2, 3, 3]],
    ['of opset 10, down', 'Resize', 0.6, 10, { mode: 'nearest' }, 5, [1, 3, 5]],
    [
      'linear with corners at 0.6: the length is 2.4',
      'Resize',
      0.6,
      13,
      { mode: 'linear', coordinate_transformation_mode: 'align_corners' },
      4,
      [1, Math.fround(1 + 3 / 1.4)],
    ],
    [
      'half_pixel, floor, at 0.6: position 2 is not 1.9999999',
      'Resize',
      0.6,
      13,
      { mode: 'nearest', coordinate_transformation_mode: 'half_pixel', nearest_mode: 'floor' },
      5,
      [1, 3, 4],
    ],
  ])('%s', (_, op, factor, opset, attributes, n, expected) => {
    const got = everywhere(resize(op, factor, opset, attributes), [ramp(n)]);
    expect(got.length).toBe(expected.length);
    got.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 5);
    });
  });
});

/** Nodes that other exporters write and saraf's own never does: onnxruntime-web is the oracle. */
import { describe, it } from 'vitest';
import { type DType, loadOnnx, manualSeed, randn, type Tensor, tensor } from '../../src/index.ts';
import { elementTypes, INT64, tensorProtoOf } from '../../src/io/onnx/tensors.ts';
import { type AttributeProto, type NodeProto, type Written, writeModel } from '../../src/io/onnx/wire.ts';
import { expectClose, resultsOf } from '../support/onnxClose.ts';
import { hasOnnxRuntime, runOnnx } from '../support/onnxRuntime.ts';

type Value = number | string | readonly number[] | readonly string[] | { float: number } | { floats: number[] };

interface Node {
  op: string;
  attributes?: Record<string, Value>;
  /** Random inputs of these shapes, or given ones; static inputs are given as numbers. */
  inputs: (readonly number[] | Tensor | { ints: number[] } | { floats: number[]; shape?: number[] } | null)[];
  outputs?: number;
  opset?: number;
  /** Element types of the outputs. Default: float32. */
  dtypes?: (DType | 'int64')[];
}

function attribute([name, value]: [string, Value]): Written<AttributeProto> {
  if (typeof value === 'number') return { name, type: 2, i: value };
  if (typeof value === 'string') return { name, type: 3, s: value };
  if ('float' in value) return { name, type: 1, f: Math.fround(value.float) };
  if ('floats' in value) return { name, type: 6, floats: value.floats.map(Math.fround) };
  if (typeof value[0] === 'string') return { name, type: 8, strings: value as string[] };
  return { name, type: 7, ints: value as number[] };
}

const typeNumber = (dtype: DType | 'int64') => (dtype === 'int64' ? INT64 : elementTypes[dtype]);

/** A model of one node, and its inputs. */
function build({ op, attributes = {}, inputs, outputs = 1, opset = 17, dtypes = [] }: Node): [Uint8Array, Tensor[]] {
  const given: Tensor[] = [];
  const info: { name: string; type: object }[] = [];
  const initializer: ReturnType<typeof tensorProtoOf>[] = [];
  const input = inputs.map((value, i) => {
    if (value === null) return '';
    const name = `x${i}`;
    if ('ints' in value) {
      initializer.push(tensorProtoOf([value.ints.length], INT64, value.ints, name));
    } else if ('floats' in value) {
      initializer.push(tensorProtoOf(value.shape ?? [value.floats.length], 1, value.floats, name));
    } else {
      const x = 'dtype' in value ? value : randn(value);
      given.push(x);
      info.push({
        name,
        type: {
          tensorType: { elemType: elementTypes[x.dtype], shape: { dim: x.shape.map((dimValue) => ({ dimValue })) } },
        },
      });
    }
    return name;
  });
  const output = Array.from({ length: outputs }, (_, i) => `y${i}`);
  const node: Written<NodeProto> = {
    opType: op,
    name: 'n',
    input,
    output,
    attribute: Object.entries(attributes).map(attribute),
  };
  const bytes = writeModel({
    irVersion: 8,
    opsetImport: [{ domain: '', version: opset }],
    graph: {
      node: [node],
      name: 'test',
      initializer,
      input: info,
      output: output.map((name, i) => ({
        name,
        type: { tensorType: { elemType: typeNumber(dtypes[i] ?? 'float32') } },
      })),
    },
  });
  return [bytes, given];
}

const int = (...data: number[]) => tensor(data, { dtype: 'int32' });
const image = [2, 3, 7, 6];
const gru = (direction: string, directions: number) => ({
  op: 'GRU',
  attributes: { hidden_size: 4, direction },
  outputs: 2,
  inputs: [
    [5, 2, 3],
    [directions, 12, 3],
    [directions, 12, 4],
    [directions, 24],
  ],
});

const cases: Record<string, () => Node> = {
  'Conv, the same size, more padding at the end': () => ({
    op: 'Conv',
    attributes: { auto_pad: 'SAME_UPPER', strides: [2, 2] },
    inputs: [image, [4, 3, 3, 2]],
  }),
  'Conv, the same size, more padding at the start': () => ({
    op: 'Conv',
    attributes: { auto_pad: 'SAME_LOWER' },
    inputs: [image, [4, 3, 2, 2], [4]],
  }),
  'Conv, uneven pads': () => ({
    op: 'Conv',
    attributes: { pads: [0, 1, 2, 0], kernel_shape: [3, 3] },
    inputs: [image, [4, 3, 3, 3]],
  }),
  'Conv, valid': () => ({ op: 'Conv', attributes: { auto_pad: 'VALID' }, inputs: [image, [4, 3, 3, 3]] }),
  'Conv, one dimension, uneven pads': () => ({
    op: 'Conv',
    attributes: { pads: [2, 0] },
    inputs: [
      [2, 3, 7],
      [4, 3, 3],
    ],
  }),
  'ConvTranspose, uneven pads': () => ({
    op: 'ConvTranspose',
    attributes: { pads: [0, 1, 1, 0], strides: [2, 2] },
    inputs: [image, [3, 4, 3, 3], [4]],
  }),
  'ConvTranspose, the same size': () => ({
    op: 'ConvTranspose',
    attributes: { auto_pad: 'SAME_UPPER', strides: [2, 2] },
    inputs: [image, [3, 4, 3, 3]],
  }),
  'ConvTranspose to a size': () => ({
    op: 'ConvTranspose',
    attributes: { output_shape: [14, 14], strides: [2, 2] },
    inputs: [image, [3, 4, 3, 3]],
  }),
  'MaxPool, the same size': () => ({
    op: 'MaxPool',
    attributes: { kernel_shape: [3, 2], strides: [2, 2], auto_pad: 'SAME_UPPER' },
    inputs: [image],
  }),
  'MaxPool, uneven pads': () => ({
    op: 'MaxPool',
    attributes: { kernel_shape: [3, 3], pads: [0, 1, 2, 0] },
    inputs: [image],
  }),
  'MaxPool, one dimension': () => ({
    op: 'MaxPool',
    attributes: { kernel_shape: [3], strides: [2], pads: [1, 1] },
    inputs: [[2, 3, 8]],
  }),
  'AveragePool, uneven pads': () => ({
    op: 'AveragePool',
    attributes: { kernel_shape: [3, 3], pads: [0, 1, 2, 0] },
    inputs: [image],
  }),
  'AveragePool, uneven pads that are counted': () => ({
    op: 'AveragePool',
    attributes: { kernel_shape: [3, 3], pads: [0, 1, 2, 0], count_include_pad: 1 },
    inputs: [image],
  }),
  'AveragePool, the same size': () => ({
    op: 'AveragePool',
    attributes: { kernel_shape: [2, 2], auto_pad: 'SAME_LOWER' },
    inputs: [image],
  }),
  GlobalMaxPool: () => ({ op: 'GlobalMaxPool', inputs: [image] }),
  'Gemm with all attributes': () => ({
    op: 'Gemm',
    attributes: { alpha: { float: 0.5 }, beta: { float: 2 }, transA: 1, transB: 1 },
    inputs: [
      [4, 3],
      [5, 4],
      [3, 1],
    ],
  }),
  'Gemm without C': () => ({
    op: 'Gemm',
    inputs: [
      [3, 4],
      [4, 5],
    ],
  }),
  'MatMul of a batch': () => ({
    op: 'MatMul',
    inputs: [
      [2, 1, 3, 4],
      [5, 4, 2],
    ],
  }),
  'GRU, reset before the product': () => gru('forward', 1),
  'GRU, reset before the product, both ways': () => gru('bidirectional', 2),
  'GRU, reset before the product, with lengths and a state': () => {
    const node = gru('reverse', 1);
    return { ...node, inputs: [...node.inputs, int(5, 3), [1, 2, 4]] };
  },
  'LSTM with lengths': () => ({
    op: 'LSTM',
    attributes: { hidden_size: 4, direction: 'bidirectional' },
    outputs: 3,
    inputs: [[5, 2, 3], [2, 16, 3], [2, 16, 4], [2, 32], int(2, 5)],
  }),
  'RNN, reverse': () => ({
    op: 'RNN',
    attributes: { hidden_size: 4, direction: 'reverse', activations: ['Relu'] },
    outputs: 2,
    inputs: [
      [5, 2, 3],
      [1, 4, 3],
      [1, 4, 4],
    ],
  }),
  'Softmax of an old opset': () => ({ op: 'Softmax', opset: 11, attributes: { axis: 1 }, inputs: [[2, 3, 4]] }),
  'LogSoftmax of an old opset': () => ({ op: 'LogSoftmax', opset: 11, inputs: [[2, 3, 4]] }),
  'Slice backwards': () => ({
    op: 'Slice',
    inputs: [[6, 5], { ints: [-1, 4] }, { ints: [-(2 ** 31), 0] }, { ints: [0, 1] }, { ints: [-2, -1] }],
  }),
  'Slice beyond the end': () => ({ op: 'Slice', inputs: [[6, 5], { ints: [2] }, { ints: [2 ** 40] }, { ints: [-1] }] }),
  'Slice of an old opset': () => ({
    op: 'Slice',
    opset: 9,
    attributes: { starts: [1], ends: [-1], axes: [1] },
    inputs: [[2, 5]],
  }),
  Split: () => ({ op: 'Split', outputs: 3, attributes: { axis: 1 }, inputs: [[2, 6], { ints: [1, 2, 3] }] }),
  'Split of an old opset': () => ({
    op: 'Split',
    opset: 11,
    outputs: 2,
    attributes: { split: [2, 4], axis: -1 },
    inputs: [[2, 6]],
  }),
  'Pad at the edge': () => ({ op: 'Pad', attributes: { mode: 'edge' }, inputs: [[2, 3], { ints: [1, 0, 0, 2] }] }),
  'Pad of an old opset': () => ({
    op: 'Pad',
    opset: 10,
    attributes: { pads: [0, 1, 1, -1], value: { float: 2 } },
    inputs: [[2, 3]],
  }),
  'Gather from the end': () => ({
    op: 'Gather',
    attributes: { axis: 1 },
    inputs: [
      [2, 4, 3],
      tensor(
        [
          [-1, 0],
          [2, -4],
        ],
        { dtype: 'int32' },
      ),
    ],
  }),
  'Gather rows from the end': () => ({ op: 'Gather', inputs: [[4, 3], int(-1, 2)] }),
  'GatherElements from the end': () => ({
    op: 'GatherElements',
    attributes: { axis: 1 },
    inputs: [
      [2, 4],
      tensor(
        [
          [-1, 0],
          [2, -4],
        ],
        { dtype: 'int32' },
      ),
    ],
  }),
  'ArgMax, the last of equal elements': () => ({
    op: 'ArgMax',
    attributes: { axis: 1, select_last_index: 1, keepdims: 0 },
    dtypes: ['int64'],
    inputs: [
      tensor([
        [1, 3, 3],
        [2, 2, 1],
      ]),
    ],
  }),
  'CumSum, reverse and exclusive': () => ({
    op: 'CumSum',
    attributes: { exclusive: 1, reverse: 1 },
    inputs: [[2, 5], { ints: [1] }],
  }),
  'TopK, smallest': () => ({
    op: 'TopK',
    attributes: { largest: 0, axis: 0 },
    outputs: 2,
    dtypes: ['float32', 'int64'],
    inputs: [[5, 3], { ints: [2] }],
  }),
  Trilu: () => ({ op: 'Trilu', attributes: { upper: 0 }, inputs: [[2, 4, 4], { ints: [-1] }] }),
  'DepthToSpace by depth': () => ({ op: 'DepthToSpace', attributes: { blocksize: 2 }, inputs: [[1, 8, 2, 3]] }),
  'DepthToSpace by columns': () => ({
    op: 'DepthToSpace',
    attributes: { blocksize: 2, mode: 'CRD' },
    inputs: [[1, 8, 2, 3]],
  }),
  SpaceToDepth: () => ({ op: 'SpaceToDepth', attributes: { blocksize: 2 }, inputs: [[1, 2, 4, 6]] }),
  Tile: () => ({ op: 'Tile', inputs: [[2, 3], { ints: [2, 1] }] }),
  'Expand in both directions': () => ({ op: 'Expand', inputs: [[3, 1], { ints: [2, 1, 4] }] }),
  'Flatten all': () => ({ op: 'Flatten', attributes: { axis: 0 }, inputs: [[2, 3, 4]] }),
  'Squeeze and Unsqueeze of an old opset': () => ({
    op: 'Squeeze',
    opset: 11,
    attributes: { axes: [0, -1] },
    inputs: [[1, 3, 1]],
  }),
  'Reshape that keeps sizes': () => ({ op: 'Reshape', inputs: [[2, 3, 4], { ints: [0, -1] }] }),
  'Div of integers': () => ({ op: 'Div', dtypes: ['int32'], inputs: [int(7, -7, 9), int(2, 2, -4)] }),
  'Mod of integers': () => ({ op: 'Mod', dtypes: ['int32'], inputs: [int(7, -7, 9), int(3, 3, -4)] }),
  'Mod of floats': () => ({ op: 'Mod', attributes: { fmod: 1 }, inputs: [[6], [6]] }),
  'Pow with a tensor': () => ({ op: 'Pow', inputs: [tensor([1, 4, 9]), tensor([0.5, 2, 0])] }),
  'Clip of an old opset': () => ({
    op: 'Clip',
    opset: 10,
    attributes: { min: { float: -0.5 }, max: { float: 0.25 } },
    inputs: [[5]],
  }),
  'Max of three': () => ({ op: 'Max', inputs: [[2, 3], [3], [1]] }),
  'Mean of three': () => ({ op: 'Mean', inputs: [[2, 3], [3], [2, 1]] }),
  'Sum of two': () => ({ op: 'Sum', inputs: [[2, 3], [3]] }),
  HardSigmoid: () => ({ op: 'HardSigmoid', inputs: [[9]] }),
  ThresholdedRelu: () => ({ op: 'ThresholdedRelu', attributes: { alpha: { float: 0.3 } }, inputs: [[9]] }),
  Selu: () => ({ op: 'Selu', attributes: { alpha: { float: 1.2 }, gamma: { float: 0.9 } }, inputs: [[9]] }),
  Tan: () => ({ op: 'Tan', inputs: [[9]] }),
  IsNaN: () => ({ op: 'IsNaN', dtypes: ['bool'], inputs: [tensor([1, Number.NaN])] }),
  Xor: () => ({ op: 'Xor', dtypes: ['bool'], inputs: [tensor([true, false, true]), tensor([true, true, false])] }),
  'InstanceNormalization of one dimension': () => ({
    op: 'InstanceNormalization',
    attributes: { epsilon: { float: 0.01 } },
    inputs: [[2, 3, 5], [3], [3]],
  }),
  'LayerNormalization with one weight': () => ({
    op: 'LayerNormalization',
    attributes: { axis: 1 },
    inputs: [
      [2, 3, 4],
      [3, 4],
      [3, 4],
    ],
  }),
  RMSNormalization: () => ({
    op: 'RMSNormalization',
    opset: 23,
    attributes: { axis: 1, epsilon: { float: 0.01 } },
    inputs: [
      [2, 3, 4],
      [3, 4],
    ],
  }),
  'RMSNormalization with one weight': () => ({
    op: 'RMSNormalization',
    opset: 23,
    attributes: { axis: -2 },
    inputs: [[2, 3, 4], [4]],
  }),
  ...Object.fromEntries(
    ['L1', 'L2', 'LogSumExp', 'SumSquare', 'Max', 'Min', 'Prod', 'Mean'].flatMap((fn) => [
      [`Reduce${fn}, all`, (): Node => ({ op: `Reduce${fn}`, inputs: [[2, 3, 4]] })],
      [
        `Reduce${fn}, some`,
        (): Node => ({ op: `Reduce${fn}`, attributes: { axes: [0, -1], keepdims: 0 }, inputs: [[2, 3, 4]] }),
      ],
    ]),
  ),
  ...Object.fromEntries(
    (['asymmetric', 'half_pixel', 'pytorch_half_pixel', 'align_corners'] as const).flatMap((rule) =>
      (['linear', 'nearest'] as const).map((mode) => [
        `Resize ${mode} ${rule}`,
        (): Node => ({
          op: 'Resize',
          attributes: { mode, coordinate_transformation_mode: rule },
          inputs: [[1, 2, 4, 5], null, null, { ints: [1, 2, 7, 3] }],
        }),
      ]),
    ),
  ),
  'Resize of an old opset': () => ({
    op: 'Resize',
    opset: 10,
    attributes: { mode: 'linear' },
    inputs: [[1, 2, 4, 5], { floats: [1, 1, 1.5, 2] }],
  }),
  'Upsample of an old opset': () => ({ op: 'Upsample', opset: 9, inputs: [[1, 2, 4, 5], { floats: [1, 1, 2, 3] }] }),
  'Resize of one dimension': () => ({
    op: 'Resize',
    attributes: { mode: 'linear' },
    inputs: [[1, 2, 4], null, { floats: [1, 1, 2.5] }],
  }),
};

describe.skipIf(!hasOnnxRuntime)(
  'nodes give the results of onnxruntime-web (npm ci --prefix test/onnxruntime installs it)',
  () => {
    it.each(Object.keys(cases))('%s', async (name) => {
      manualSeed(11);
      const [bytes, inputs] = build(cases[name]!());
      expectClose(resultsOf(loadOnnx(bytes), inputs), await runOnnx(bytes, inputs), 2e-5);
    });
  },
);

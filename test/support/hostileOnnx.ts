/** ONNX graphs of a few hundred bytes that ask for more memory than there is, by operation. */
import { FLOAT, INT64, tensorProtoOf } from '../../src/io/onnx/tensors.ts';
import {
  type AttributeProto,
  type ModelProto,
  type NodeProto,
  type Written,
  writeModel,
} from '../../src/io/onnx/wire.ts';

type Attributes = Record<string, number | string | readonly number[] | { float: number }>;
type Node = Written<NodeProto>;

function attribute([name, value]: [string, Attributes[string]]): Written<AttributeProto> {
  if (typeof value === 'number') return { name, type: 2, i: value };
  if (typeof value === 'string') return { name, type: 3, s: value };
  if ('float' in value) return { name, type: 1, f: value.float };
  return { name, type: 7, ints: [...value] };
}

/** A node with one output. */
export function node(opType: string, input: string[], output: string, attributes: Attributes = {}): Node {
  return { opType, input, output: [output], attribute: Object.entries(attributes).map(attribute) };
}

/** A file with a float input x of this shape, nodes that lead to y, and lists of integers or floats by name. */
export function graphOf(
  nodes: readonly Node[],
  lists: Record<string, readonly number[] | { floats: readonly number[]; shape?: readonly number[] }> = {},
  shape: readonly number[] | null = [2],
  opset = 17,
): Uint8Array {
  const dim = (shape ?? []).map((size) => ({ dimValue: size }));
  const model: Written<ModelProto> = {
    irVersion: 8,
    opsetImport: [{ domain: '', version: opset }],
    graph: {
      node: [...nodes],
      initializer: Object.entries(lists).map(([name, list]) =>
        'floats' in list
          ? tensorProtoOf(list.shape ?? [list.floats.length], FLOAT, list.floats, name)
          : tensorProtoOf([list.length], INT64, list, name),
      ),
      input: [{ name: 'x', type: { tensorType: { elemType: 1, ...(shape === null ? {} : { shape: { dim } }) } } }],
      output: [{ name: 'y' }],
    },
  };
  return writeModel(model);
}

/** A chain of nodes from x to y. */
export function chain(length: number, make: (from: string, to: string, i: number) => Node): Node[] {
  const name = (i: number) => (i === 0 ? 'x' : i === length ? 'y' : `v${i}`);
  return Array.from({ length }, (_, i) => make(name(i), name(i + 1), i));
}

export interface Bomb {
  name: string;
  file: Uint8Array;
  /** Shape of x. */
  shape: number[];
}

const LARGE = 2 ** 40;

const bomb = (
  name: string,
  nodes: Node[],
  lists?: Parameters<typeof graphOf>[1],
  shape: number[] = [2],
  opset?: number,
): Bomb => ({ name, file: graphOf(nodes, lists, shape, opset), shape });

/** Sizes that follow from numbers in the file. */
export const bySize = (size: number): Bomb[] => [
  bomb(`Expand, ${size}`, [node('Expand', ['x', 's'], 'e'), node('Relu', ['e'], 'y')], { s: [size, 2] }),
  bomb(`Expand that is only summed, ${size}`, [node('Expand', ['x', 's'], 'e'), node('ReduceSum', ['e'], 'y')], {
    s: [size, 2],
  }),
  bomb(`ConstantOfShape, ${size}`, [node('ConstantOfShape', ['s'], 'c'), node('ReduceMax', ['c'], 'y')], {
    s: [size],
  }),
  bomb(`Tile, ${size}`, [node('Tile', ['x', 's'], 'y')], { s: [size] }),
  bomb(`Pad of constants, ${size}`, [node('Pad', ['x', 's'], 'y')], { s: [size, 1] }),
  bomb(`Pad of edges, ${size}`, [node('Pad', ['x', 's'], 'y', { mode: 'edge' })], { s: [1, size] }),
  bomb(`Range, ${size}`, [node('Range', ['a', 's', 'b'], 'r'), node('Add', ['x', 'r'], 'y')], {
    a: [0],
    s: [size],
    b: [1],
  }),
  bomb(`Resize to sizes, ${size}`, [node('Resize', ['x', '', '', 's'], 'y')], { s: [1, 1, 2, size] }, [1, 1, 2, 2]),
  bomb(
    `Resize of one dimension, linear, ${size}`,
    [node('Resize', ['x', '', '', 's'], 'y', { mode: 'linear', coordinate_transformation_mode: 'asymmetric' })],
    { s: [1, 1, 2, size] },
    [1, 1, 2, 2],
  ),
  bomb(`Upsample, ${size}`, [node('Upsample', ['x', 's'], 'y')], { s: { floats: [1, 1, size, 1] } }, [1, 1, 2, 2], 9),
  bomb(`Gather, ${size}`, [node('Expand', ['i', 's'], 'e'), node('Gather', ['x', 'e'], 'y')], { i: [1], s: [size] }),
  bomb(
    `Conv with pads, ${size}`,
    [node('Conv', ['x', 'w'], 'y', { pads: [0, 0, 0, size] })],
    { w: { floats: [1], shape: [1, 1, 1, 1] } },
    [1, 1, 2, 2],
  ),
  bomb(
    `ConvTranspose with strides, ${size}`,
    [node('ConvTranspose', ['x', 'w'], 'y', { strides: [1, size] })],
    { w: { floats: [1], shape: [1, 1, 1, 1] } },
    [1, 1, 2, 2],
  ),
  bomb(
    `MaxPool with pads, ${size}`,
    [node('MaxPool', ['x'], 'y', { kernel_shape: [1, 1], pads: [0, 0, 0, size] })],
    {},
    [1, 1, 2, 2],
  ),
  bomb(
    `Split into many, ${size}`,
    [node('Expand', ['x', 's'], 'e'), { ...node('Split', ['e'], 'y', { num_outputs: size }), output: ['y'] }],
    { s: [size, 2] },
  ),
  bomb(`Trilu, ${size}`, [node('ConstantOfShape', ['s'], 'c'), node('Trilu', ['c'], 'y')], { s: [2, size] }),
  bomb(
    `outer product, ${size}`,
    [
      node('Expand', ['x', 's'], 'a'),
      node('Unsqueeze', ['a', 'one'], 'b'),
      node('Unsqueeze', ['a', 'zero'], 'c'),
      node('MatMul', ['b', 'c'], 'y'),
    ],
    { s: [Math.min(size, 2 ** 24)], one: [1], zero: [0] },
    [1],
  ),
  bomb(
    `LSTM over many steps, ${size}`,
    [node('Expand', ['x', 's'], 'e'), { ...node('LSTM', ['e', 'w', 'r'], 'y', { hidden_size: 1 }), output: ['y'] }],
    { s: [size, 1, 1], w: { floats: [1, 1, 1, 1], shape: [1, 4, 1] }, r: { floats: [1, 1, 1, 1], shape: [1, 4, 1] } },
    [1],
  ),
];

const DOUBLINGS = 60;

/** Sizes that grow from node to node. */
const growing: Bomb[] = [
  bomb(
    'Concat, doubling',
    chain(DOUBLINGS, (from, to) => node('Concat', [from, from], to, { axis: 0 })),
  ),
  bomb('Concat of numbers, doubling', [
    node('Shape', ['x'], 'v'),
    ...chain(DOUBLINGS, (from, to) =>
      node('Concat', [from.replace('x', 'v'), from.replace('x', 'v')], to, { axis: 0 }),
    ),
  ]),
  bomb('Concat of one value many times', [
    node('Concat', Array(1000).fill('x'), 'a', { axis: 0 }),
    ...chain(6, (from, to) => node('Concat', Array(100).fill(from.replace('x', 'a')), to, { axis: 0 })),
  ]),
  bomb(
    'Tile, doubling',
    chain(DOUBLINGS, (from, to) => node('Tile', [from, 'two'], to)),
    { two: [2] },
  ),
  bomb(
    'Pad, growing',
    chain(DOUBLINGS, (from, to) => node('Pad', [from, 'by'], to)),
    { by: [1_000_000, 1_000_000] },
  ),
  bomb(
    'Range, many times',
    [
      ...Array.from({ length: DOUBLINGS }, (_, i) => node('Range', ['a', 's', 'b'], `r${i}`)),
      node('Max', ['x', ...Array.from({ length: DOUBLINGS }, (_, i) => `r${i}`)], 'y'),
    ],
    { a: [0], s: [1_000_000], b: [1] },
    [1],
  ),
  bomb(
    'sums of one large value, many times',
    [
      node('Expand', ['x', 's'], 'e'),
      ...Array.from({ length: 200 }, (_, i) => node('ReduceSum', ['e'], `r${i}`)),
      node(
        'Max',
        Array.from({ length: 200 }, (_, i) => `r${i}`),
        'y',
      ),
    ],
    { s: [1_000_000] },
    [1],
  ),
  bomb(
    'GRU over steps without elements',
    [node('Expand', ['x', 's'], 'e'), node('GRU', ['e', 'w', 'w'], 'y', { hidden_size: 1 })],
    { s: [2 ** 24, 0, 1], w: { floats: [1, 1, 1], shape: [1, 3, 1] } },
    [1, 0, 1],
  ),
  bomb(
    'Resize, doubling',
    chain(DOUBLINGS, (from, to) => node('Resize', [from, '', 'f'], to, { mode: 'nearest' })),
    { f: { floats: [1, 1, 2, 2] } },
    [1, 1, 2, 2],
  ),
  bomb(
    'outer sums by broadcasting',
    [
      ...chain(4, (from, to) => node('Unsqueeze', [from, 'zero'], to)).slice(0, 0),
      node('Reshape', ['x', 'column'], 'c0'),
      node('Add', ['x', 'c0'], 'a0'),
      ...[1, 2, 3, 4].flatMap((i) => [
        node('Reshape', [`a${i - 1}`, 'row'], `r${i}`),
        node('Reshape', [`a${i - 1}`, 'column'], `c${i}`),
        node('Add', [`r${i}`, `c${i}`], i === 4 ? 'y' : `a${i}`),
      ]),
    ],
    { zero: [0], row: [-1], column: [-1, 1] },
    [32],
  ),
];

/** Graphs that must be refused quickly when they run. */
export const bombs: readonly Bomb[] = [...[100_000_000, LARGE].flatMap(bySize), ...growing];

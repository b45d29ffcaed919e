/** Safetensors files and saved models whose few kilobytes of text ask for much more memory. */
import { saveSafetensors } from '../../src/index.ts';

/** A file with this header and these bytes after it. */
export function fileOf(header: string, rest: Uint8Array = new Uint8Array(0), length?: bigint): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + rest.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(rest, 8 + text.length);
  return bytes;
}

/** A header of this many tensors without elements. */
export const emptyTensors = (count: number): Uint8Array =>
  fileOf(
    `{${Array.from({ length: count }, (_, i) => `"${i}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`).join()}}`,
  );

/** Headers that ask for more memory than their length warrants, and the messages of their errors. */
export const headers: readonly [name: string, file: Uint8Array, message: RegExp][] = [
  ['nested objects', fileOf('{"a":'.repeat(200_000)), /nested deeper than 3/],
  [
    'nested objects that are closed',
    fileOf(`${'{"a":'.repeat(100_000)}0${'}'.repeat(100_000)}`),
    /nested deeper than 3/,
  ],
  ['nested lists', fileOf('['.repeat(1_000_000)), /nested deeper than 3/],
  ['empty lists', fileOf(`{"a":[${'[],'.repeat(400_000)}[]]}`), /more than \d+ elements, the limit; \{ maxElements \}/],
  ['empty objects', fileOf(`[${'{},'.repeat(400_000)}{}]`), /more than \d+ elements, the limit; \{ maxElements \}/],
  ['empty tensors', emptyTensors(30_000), /more than \d+ elements, the limit; \{ maxElements \}/],
  ['a text without an end', fileOf(`{"${'a'.repeat(1_000_000)}`), /not JSON/],
  ['a text of escapes', fileOf(`{"${'\\'.repeat(1_000_001)}`), /not JSON/],
  ['brackets that close', fileOf('}'.repeat(1_000_000)), /not JSON/],
];

const random = { seed: 1, counter: 0 };

/** A saved model of this architecture, without weights. */
export const modelOf = (architecture: unknown): Uint8Array =>
  saveSafetensors(
    {},
    { saraf: JSON.stringify({ version: 1, architecture, random, epoch: 0, optimizer: null, scheduler: null }) },
  );

/** Blocks of `width` blocks, shared at every level: `width` to the power of `levels` modules. */
export function laughs(levels: number, width = 2, kind = 'Sequential'): unknown {
  let inner: unknown = { kind: 'ReLU', args: [] };
  // Modules are numbered when they are complete, the innermost first.
  for (let level = 0; level < levels; level++) {
    const shared = Array.from({ length: width - 1 }, () => ({ shared: level }));
    const all = [inner, ...shared];
    inner = { kind, args: kind === 'ModuleDict' ? all.map((each, i) => [`m${i}`, each]) : all };
  }
  return inner;
}

/** The same in a graph of nn.Graph: a step for each occurrence. */
function graphLaughs(levels: number): unknown {
  let inner: unknown = { kind: 'Linear', args: [1, 1] };
  for (let level = 0; level < levels; level++) {
    const steps = [inner, { shared: level }].map((module, i) => ({ inputs: [i], run: { module } }));
    inner = { kind: 'Graph', args: [[[1]], steps, [2]] };
  }
  return inner;
}

/** Names inside names: each is as long as all previous ones together. */
function longNames(levels: number, leaves: number): unknown {
  let inner: unknown = {
    kind: 'Sequential',
    args: Array.from({ length: leaves }, () => ({ kind: 'Linear', args: [1, 1] })),
  };
  for (let level = 0; level < levels; level++) inner = { kind: 'ModuleDict', args: [['n'.repeat(1000), inner]] };
  return inner;
}

/** Architectures that are larger than their files. */
export const architectures: readonly [name: string, architecture: unknown][] = [
  ...[20, 40, 60, 100].map((levels): [string, unknown] => [`${levels} levels of shared blocks`, laughs(levels)]),
  ['shared blocks in lists', laughs(30, 3, 'ModuleList')],
  ['shared blocks in dictionaries', laughs(30, 3, 'ModuleDict')],
  ['shared blocks in graphs', graphLaughs(40)],
  ['one block, shared by many', { kind: 'Sequential', args: [laughs(10), ...Array(3000).fill({ shared: 10 })] }],
  ['nested long names', longNames(50, 300)],
  ['layers inside a layer', { kind: 'LSTM', args: [1, 1, { numLayers: 1e8 }] }],
  ['a large layer', { kind: 'Linear', args: [10_000, 10_000] }],
];

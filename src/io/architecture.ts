/**
 * From modules to JSON and back: each layer is known by a name and by what its constructor takes. A new kind of layer is
 * one line in `known`, or one call of `registerLayer`.
 */
import { ArgumentError, FormatError } from '../../bindings/errors.ts';
import { LogSoftmax, ReLU, Sigmoid, Softmax, Tanh } from '../nn/activations.ts';
import { Dropout, Flatten, type Layer, Linear, Sequential, Unflatten } from '../nn/layers.ts';
import type { Module } from '../nn/module.ts';

/** A module as JSON: its kind and its constructor's arguments; or the number of one that has come before. */
export type Architecture = { kind: string; args: unknown[] } | { shared: number };

type Encode = (module: Module) => Architecture;
type Decode = (architecture: unknown) => Module;

interface Row {
  kind: string;
  save(module: Module, encode: Encode): unknown[];
  load(args: unknown[], decode: Decode): Module;
}

const byClass = new Map<unknown, Row>();
const byKind = new Map<string, Row>();

function add(type: unknown, row: Row): void {
  byClass.set(type, row);
  byKind.set(row.kind, row);
}

type Constructor<M extends Module> = new (...args: never[]) => M;

function layer<M extends Module>(kind: string, type: Constructor<M>, args: (module: M) => unknown[] = () => []): void {
  add(type, {
    kind,
    save: (module) => args(module as M),
    load: (given) => new type(...(given as never[])),
  });
}

layer('Linear', Linear, (m) => [m.inFeatures, m.outFeatures, { bias: m.bias !== null }]);
layer('Dropout', Dropout, (m) => [m.p]);
layer('Flatten', Flatten, (m) => [m.startDim, m.endDim]);
layer('Unflatten', Unflatten, (m) => [m.dim, m.sizes]);
layer('ReLU', ReLU);
layer('Sigmoid', Sigmoid);
layer('Tanh', Tanh);
layer('Softmax', Softmax, (m) => [{ dim: m.dim }]);
layer('LogSoftmax', LogSoftmax, (m) => [{ dim: m.dim }]);
add(Sequential, {
  kind: 'Sequential',
  save: (module, encode) => module.children().map(encode),
  load: (args, decode) => new Sequential(...(args.map(decode) as Layer[])),
});

/**
 * Makes layers of your own known to `saveModel` and `loadModel`.
 *
 * @param kind name in files
 * @param type the class
 * @param args the constructor's arguments for a layer of this class; JSON must be able to hold them
 * @throws ArgumentError for a name or class that is known already
 * @example
 * registerLayer('Scale', Scale, (layer) => [layer.factor]);
 */
export function registerLayer<M extends Module>(
  kind: string,
  type: Constructor<M>,
  args: (module: M) => unknown[] = () => [],
): void {
  if (byKind.has(kind) || byClass.has(type)) {
    throw new ArgumentError(`registerLayer: ${kind} is known already`, {
      op: 'registerLayer',
      argument: 'kind',
      got: kind,
    });
  }
  layer(kind, type, args);
}

/** The architecture of a module. Modules that are used in several places stay shared. */
export function encodeModule(root: Module): Architecture {
  const numbers = new Map<Module, number>();
  const encode: Encode = (module) => {
    const shared = numbers.get(module);
    if (shared !== undefined) return { shared };
    const row = byClass.get(module.constructor);
    if (row === undefined) {
      const name = module.constructor.name;
      throw new ArgumentError(
        `saveModel: the layer ${name} is not known; registerLayer('${name}', ${name}, (layer) => [arguments]) makes it so, or save model.stateDict()`,
        { op: 'saveModel', argument: 'model', got: name },
      );
    }
    const args = row.save(module, encode);
    numbers.set(module, numbers.size);
    return { kind: row.kind, args };
  };
  return encode(root);
}

/** The module of an architecture, with new parameters. */
export function decodeModule(architecture: unknown): Module {
  const made: Module[] = [];
  const fail = (message: string): never => {
    throw new FormatError(`loadModel: ${message}`, { op: 'loadModel', argument: 'bytes' });
  };
  const decode: Decode = (given) => {
    if (typeof given !== 'object' || given === null) return fail('the architecture is damaged');
    if ('shared' in given) return made[given.shared as number] ?? fail('a shared layer is missing');
    const { kind, args } = given as { kind: string; args: unknown[] };
    const row = byKind.get(kind);
    if (row === undefined) return fail(`the layer ${kind} is not known; registerLayer makes it so`);
    if (!Array.isArray(args)) return fail(`the arguments of ${kind} are missing`);
    const module = row.load(args, decode);
    made.push(module);
    return module;
  };
  try {
    return decode(architecture);
  } catch (error) {
    for (const module of made) module.dispose();
    throw error;
  }
}

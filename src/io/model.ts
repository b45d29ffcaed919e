/**
 * A model in one safetensors file: weights under their own names, the optimizer's memory next to them, and, as JSON in the
 * metadata, the architecture, the optimizer's settings, the scheduler's state, the epoch and the state of the random numbers.
 */
import { ArgumentError, FormatError, refuse, SarafError } from '../../bindings/errors.ts';
import { isInstance } from '../copies.ts';
import { generator } from '../emit/random.ts';
import { Module, type StateDict } from '../nn/module.ts';
import { Adadelta, Adagrad, Adam, AdamW, LBFGS, NAdam, type Optimizer, RMSprop, SGD } from '../optim/index.ts';
import type { OptimizerState, ParamState } from '../optim/optimizer.ts';
import { checkOptions, checkWhole, FLAG, noMore, VALUE } from '../options.ts';
import { limitOf, withBudget } from '../tensor/budget.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import { decodeModule, encodeModule } from './architecture.ts';
import { isCount, parse, stringify } from './json.ts';
import { type Modes, modesOf, restoreModes } from './modes.ts';
import { limitFor, openSafetensors, saveSafetensors, saveSafetensorsAsync } from './safetensors.ts';

/** Settings of any optimizer. */
type Settings = Record<string, unknown>;
/** An optimizer of any kind. */
export type AnyOptimizer = Pick<Optimizer<never>, 'step' | 'zeroGrad' | 'dispose'> & {
  /** The groups of parameters; their settings depend on the optimizer. */
  readonly paramGroups: readonly {
    /** The parameters of the group. */
    params: Tensor[];
  }[];
  /** Settings and memory. */
  stateDict(): OptimizerState<object>;
  /** Continues from what `stateDict` gave. */
  loadStateDict(state: never): void;
};
type OptimizerClass = new (groups: never[]) => AnyOptimizer;

/** Optimizers that can be made from a file, by name. */
const OPTIMIZERS = new Map<string, OptimizerClass>(
  Object.entries({ SGD, Adam, AdamW, NAdam, RMSprop, Adagrad, Adadelta, LBFGS }),
);

/** An object with a state of its own, such as a learning rate scheduler. */
export interface Stateful {
  /** The state, as `loadStateDict` takes it. */
  stateDict(): object;
}

/** Options of `saveModel`. */
export interface SaveModelOptions {
  /** Saved with its memory, so that training continues as if it had not stopped. Its parameters must be the model's. */
  optimizer?: AnyOptimizer;
  /** What is saved of it is its `stateDict()`. */
  scheduler?: Stateful;
  /** Epochs that the model has been trained for. Default 0. */
  epoch?: number;
}

/** The contents of a file of `saveModel`. */
export interface SavedModel {
  /** The model, its weights loaded, each module in its mode, each parameter frozen or not as it was. */
  model: Module;
  /** The optimizer of the model's parameters, or null. */
  optimizer: AnyOptimizer | null;
  /** The scheduler's state, for its `loadStateDict`, or null. */
  scheduler: Record<string, unknown> | null;
  /** Epochs that the model has been trained for. */
  epoch: number;
}

/** The contents of the metadata. */
interface Description extends Partial<Modes> {
  version: number;
  architecture: unknown;
  random: { seed: number; counter: number };
  epoch: number;
  optimizer: { kind: string; groups: (Settings & { params: string[] })[]; numbers: Record<string, ParamState> } | null;
  scheduler: Record<string, unknown> | null;
}

const KEY = 'saraf';
const VERSION = 1;
/** The prefix of the optimizer's tensors; no field of a module has such a name. */
const OPTIMIZER = 'optimizer/';

/** The optimizer's settings and numbers as JSON; its tensors go into `tensors`. */
function describeOptimizer(optimizer: AnyOptimizer, model: Module, tensors: StateDict): Description['optimizer'] {
  const op = 'saveModel';
  const kind = [...OPTIMIZERS].find(([, type]) => type === optimizer.constructor)?.[0];
  if (kind === undefined) {
    refuse(ArgumentError, op, `the optimizer must be one of ${[...OPTIMIZERS.keys()].join(', ')}`, {
      argument: 'optimizer',
      got: optimizer,
    });
  }
  const names = new Map(
    Array.from(model.namedParameters(), ([name, parameter]): [Tensor | undefined, string] => [parameter, name]),
  );
  const params = optimizer.paramGroups.flatMap((group) => group.params);
  const { state, paramGroups } = optimizer.stateDict();
  const groups = paramGroups.map((group) => ({
    ...group,
    params: group.params.map((number) => {
      const name = names.get(params[number]);
      if (name !== undefined) return name;
      return refuse(ArgumentError, op, 'the optimizer has a parameter that the model does not have', {
        argument: 'optimizer',
      });
    }),
  }));
  const numbers: Record<string, ParamState> = {};
  for (const [number, values] of Object.entries(state)) {
    numbers[number] = {};
    for (const [name, value] of Object.entries(values)) {
      if (isTensor(value)) tensors[`${OPTIMIZER}${number}/${name}`] = value;
      else numbers[number][name] = value;
    }
  }
  return { kind, groups, numbers };
}

/**
 * A file from which `loadModel` makes the same model.
 *
 * @throws ArgumentError for a layer that is not known (see `registerLayer`), or an optimizer of other parameters
 * @example
 * const bytes = saveModel(model, { optimizer, epoch: 5 });
 * loadModel(bytes).epoch; // 5
 */
export function saveModel(model: Module, options: SaveModelOptions = {}): Uint8Array {
  if (arguments.length > 2) noMore('saveModel', 2, arguments);
  return saveSafetensors(...contentsOf('saveModel', model, options));
}

/**
 * Like `saveModel`, for a model on any device. The file holds the values at the time of the call.
 *
 * @example
 * const bytes = await saveModelAsync(model, { optimizer, epoch: 5 });
 */
export async function saveModelAsync(model: Module, options: SaveModelOptions = {}): Promise<Uint8Array> {
  if (arguments.length > 2) noMore('saveModelAsync', 2, arguments);
  return saveSafetensorsAsync(...contentsOf('saveModelAsync', model, options));
}

/** Tensors and metadata of a model's file. */
function contentsOf(op: string, model: Module, options: SaveModelOptions): [StateDict, Record<string, string>] {
  checkOptions(op, options, { optimizer: VALUE, scheduler: VALUE, epoch: VALUE });
  const { optimizer, scheduler, epoch = 0 } = options;
  checkWhole(op, 'epoch', epoch);
  if (!isInstance(model, Module)) refuse(ArgumentError, op, 'expected a module', { argument: 'model', got: model });
  const tensors = { ...model.stateDict() };
  const description: Description = {
    version: VERSION,
    architecture: encodeModule(model),
    ...modesOf(model),
    random: generator.state,
    epoch,
    optimizer: optimizer === undefined ? null : describeOptimizer(optimizer, model, tensors),
    scheduler: scheduler === undefined ? null : (scheduler.stateDict() as Record<string, unknown>),
  };
  return [tensors, { [KEY]: stringify(description) }];
}

function fail(message: string): never {
  refuse(FormatError, 'loadModel', message, { argument: 'bytes' });
}

function describe(metadata: Record<string, string>): Description {
  const text = Object.hasOwn(metadata, KEY) ? metadata[KEY] : undefined;
  if (text === undefined) return fail('the file was not made by saveModel; loadSafetensors reads its tensors');
  let description: unknown;
  try {
    description = parse(text);
  } catch (error) {
    if (error instanceof SarafError) throw error;
    return fail(`the description is not JSON (${(error as Error).message})`);
  }
  const { version, random, epoch } = (description ?? {}) as Partial<Description>;
  if (version !== VERSION) return fail(`the file has version ${version}, expected ${VERSION}`);
  if (![random?.seed, random?.counter, epoch].every(isCount)) return fail('the description is damaged');
  return description as Description;
}

/** Makes the optimizer, with its memory. */
function restoreOptimizer(
  saved: NonNullable<Description['optimizer']>,
  model: Module,
  tensors: StateDict,
): AnyOptimizer {
  const { kind, groups, numbers } = saved;
  const Kind = OPTIMIZERS.get(kind) ?? fail(`the optimizer ${kind} is not known`);
  if (!Array.isArray(groups)) return fail('the optimizer is damaged');
  const parameters = new Map<string, Tensor>(model.namedParameters());
  let count = 0;
  const state: Record<number, ParamState> = {};
  for (const [number, values] of Object.entries(numbers)) {
    if (!Object.values(values).every((value) => typeof value === 'number')) return fail('the optimizer is damaged');
    state[Number(number)] = Object.assign(Object.create(null), values);
  }
  for (const [name, value] of Object.entries(tensors)) {
    const [, number, field = ''] = name.split('/');
    const own: ParamState = state[Number(number)] ?? Object.create(null);
    own[field] = value;
    state[Number(number)] = own;
  }
  const optimizer = new Kind(
    groups.map((group) => ({
      ...group,
      params: group.params.map((name) => parameters.get(name) ?? fail(`the optimizer's parameter ${name} is missing`)),
    })) as never[],
  );
  try {
    // Settings that older files lack are those of a new optimizer.
    const paramGroups = groups.map((group, i) => ({
      ...optimizer.paramGroups[i],
      ...group,
      params: group.params.map(() => count++),
    }));
    optimizer.loadStateDict({ kind, state, paramGroups } as never);
  } catch (error) {
    optimizer.dispose();
    throw error;
  }
  return optimizer;
}

/**
 * The elements that building a model may allocate for each byte of its file. Weights of 16 bits have half an element per byte, and
 * each is allocated up to three times while it gets its first values.
 */
const ELEMENTS_A_BYTE = 2;
/** Elements in addition to those. Small layers take more in the file than in memory. */
const FREE_ELEMENTS = 65_536;

/** Options of `loadModel`. */
export interface LoadModelOptions {
  /** Continue with the random numbers from the state in the file. Default true. */
  restoreRandom?: boolean;
  /**
   * Elements that the architecture may ask for while it is built; a module counts as 32 at each place where it occurs. The tensors of
   * the file may ask for as many again. Default: 2 for each byte of the file plus 65,536, more than any file of `saveModel` needs.
   * Layers of `registerLayer` are not limited.
   */
  maxElements?: number;
}

/**
 * The model of a file that `saveModel` made, with its optimizer. The library's random numbers continue from where they were.
 *
 * @throws FormatError if the file is damaged, names a layer that is not known, or asks for more than `maxElements`;
 * OutOfMemoryError if there is no memory for it
 * @example
 * const { model: restored, optimizer: itsOptimizer, epoch } = loadModel(saveModel(model, { optimizer, epoch: 5 }));
 */
export function loadModel(bytes: Uint8Array, options: LoadModelOptions = {}): SavedModel {
  if (arguments.length > 2) noMore('loadModel', 2, arguments);
  const op = 'loadModel';
  checkOptions(op, options, { restoreRandom: FLAG, maxElements: VALUE });
  const { restoreRandom = true, maxElements } = options;
  const tooLarge = () => `${op}: the architecture is larger than its weights: it asks for`;
  const limit = limitOf(op, maxElements, ELEMENTS_A_BYTE * bytes.length + FREE_ELEMENTS, tooLarge);
  const before = generator.state;
  const { description, tensors } = withBudget(limitFor(op, bytes, { maxElements }), () => {
    const file = openSafetensors(bytes);
    return { description: describe(file.metadata), tensors: file.load() };
  });
  const isOptimizer = ([name]: [string, Tensor]) => name.startsWith(OPTIMIZER);
  const entries = Object.entries(tensors);
  let model: Module | null = null;
  try {
    model = withBudget(limit, () => decodeModule(description.architecture));
    restoreModes(model, description);
    model.loadStateDict(Object.fromEntries(entries.filter((entry) => !isOptimizer(entry))));
    const { optimizer: saved, scheduler, epoch } = description;
    const optimizer =
      saved === null ? null : restoreOptimizer(saved, model, Object.fromEntries(entries.filter(isOptimizer)));
    generator.state = restoreRandom ? description.random : before;
    return { model, optimizer, scheduler, epoch };
  } catch (error) {
    model?.dispose();
    generator.state = before;
    // A constructor failed on what a damaged description gave it.
    if (!(error instanceof SarafError)) return fail(`the description is damaged (${(error as Error).message})`);
    throw error;
  } finally {
    for (const value of Object.values(tensors)) value.dispose();
  }
}

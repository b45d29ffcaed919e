/**
 * `compile`: traces a function once for each kind of input, and replays it with one call into the kernels afterwards.
 */
import { ArgumentError, refuse, TraceError } from '../../bindings/errors.ts';
import type { Device, DType, Executor } from '../../bindings/executor.ts';
import { isPromise, isRecord } from '../../bindings/realm.ts';
import { dense, done, materialize } from '../emit/emit.ts';
import { clone, moveTo } from '../ops/index.ts';
import { checkOptions, noMore, VALUE } from '../options.ts';
import { defaultExecutor, executorFor } from '../runtime/runtime.ts';
import { isGradEnabled, noGrad } from '../tape/mode.ts';
import { closeScope, openScope, openScopes } from '../tensor/scope.ts';
import { sameShape, show, stridesOf } from '../tensor/shapes.ts';
import { Storage } from '../tensor/storage.ts';
import { dropGrad, isTensor, Tensor } from '../tensor/tensor.ts';
import { tracing, withTracer } from '../tensor/trace.ts';
import type { ProgramFigures, ProgramOutput } from './link.ts';
import { list } from './listing.ts';
import { VirtualHeap } from './passes.ts';
import { type Placement, place } from './placement.ts';
import { Recorder } from './recorder.ts';
import { Replay } from './replay.ts';

/** Options of `compile`. */
export interface CompileOptions {
  /**
   * Where the program runs; inputs that live elsewhere are copied there at every call. Default: where its first input is.
   *
   * 'auto': the CPU or the GPU, whichever is estimated to be faster for inputs of these shapes; `init({ device: 'auto' })` opens and
   * measures the GPU, without it all stays on the CPU. Results live where the program has run: `await result.data()` reads both. What
   * the function only reads from outside stays where it is, with a copy on the GPU that follows it. What it changes from outside
   * (parameters, an optimizer's memory) moves to the GPU when the GPU is first chosen, and stays there until `move` brings it
   * back; until then the function runs on the GPU for all shapes. For a choice the function may be recorded twice.
   */
  device?: Device | 'auto';
}

/** A program, for people: figures, and a listing as text. */
export interface ProgramInfo extends ProgramFigures {
  toString(): string;
}

/** A compiled function: call it as the function itself. */
export interface Compiled<A extends unknown[], R> {
  (...args: A): R;
  /** The program that ran last, or null before the first call. */
  readonly program: ProgramInfo | null;
  /** Where that runs and why, or null before the first call. */
  readonly placement: Placement | null;
  /** Frees all programs. */
  dispose(): void;
}

/** What an argument must be to be served by a program. */
type Kind =
  | { tensor: true; shape: readonly number[]; dtype: DType; executor: Executor }
  | { tensor: false; value: unknown };

interface Entry {
  kinds: Kind[];
  grad: boolean;
  replay: Replay;
  placement: Placement;
  /** Puts results in the place that they have in the function's own result. */
  assemble: (results: Tensor[]) => unknown;
}

/** Programs that one function may have before it is clear that its arguments never repeat. */
const MAX_PROGRAMS = 64;
/** Results of calls outside all scopes that stay alive. */
const RECENT_RESULTS = 16;

function fits(kind: Kind, argument: unknown): boolean {
  if (!kind.tensor) return Object.is(kind.value, argument);
  return (
    isTensor(argument) &&
    argument.dtype === kind.dtype &&
    sameShape(argument.shape, kind.shape) &&
    argument.executor === kind.executor &&
    // Recording refuses one that does.
    !argument.requiresGrad
  );
}

function kindOf(argument: unknown): Kind {
  if (!isTensor(argument)) return { tensor: false, value: argument };
  return { tensor: true, shape: argument.shape, dtype: argument.dtype, executor: argument.executor };
}

/** Levels of arrays and objects that a result may have. */
const MAX_LEVELS = 64;

/** Replaces every tensor in a result by what `replace` gives; arrays and plain objects keep their form. */
function mapTensors(value: unknown, replace: (tensor: Tensor) => unknown, level = 0): unknown {
  if (isTensor(value)) return replace(value);
  if (level > MAX_LEVELS) {
    refuse(
      TraceError,
      'compile',
      `the result is nested deeper than ${MAX_LEVELS} levels; perhaps an array or object contains itself`,
    );
  }
  if (Array.isArray(value)) return value.map((part) => mapTensors(part, replace, level + 1));
  if (isRecord(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, part]) => [name, mapTensors(part, replace, level + 1)]),
    );
  }
  return value;
}

/** A contiguous tensor on the program's executor: the argument itself, or a copy. */
function inputOn(executor: Executor, argument: Tensor): Tensor {
  return argument.executor === executor ? dense(argument) : noGrad(() => moveTo(argument, executor));
}

/** Stands for a tensor in the form of a result. */
class Slot {
  constructor(readonly index: number) {}
}

function fill(form: unknown, results: Tensor[]): unknown {
  if (form instanceof Slot) return results[form.index];
  if (Array.isArray(form)) return form.map((part) => fill(part, results));
  if (isRecord(form)) {
    return Object.fromEntries(Object.entries(form).map(([name, part]) => [name, fill(part, results)]));
  }
  return form;
}

type Traced = Pick<Entry, 'replay' | 'assemble'>;

/** Runs the function with placeholders on a recorder, and makes a program of what was recorded. */
function trace(fn: (...args: never[]) => unknown, args: readonly unknown[], recorder: Recorder): Traced {
  try {
    return traceOn(fn, args, recorder);
  } catch (error) {
    // Gradients that were recorded but will never be computed.
    for (const [leaf, gradient] of recorder.gradients) {
      const { grad } = leaf;
      if (grad !== null && (grad === gradient || grad.storageOrNull?.executor === recorder)) dropGrad(leaf);
    }
    recorder.restoreGradients();
    recorder.returnAdopted();
    recorder.release();
    throw error;
  }
}

function traceOn(fn: (...args: never[]) => unknown, args: readonly unknown[], recorder: Recorder): Traced {
  const outputs: ProgramOutput[] = [];
  let form: unknown;
  const inputs: number[] = [];
  const traceScope = openScope();
  try {
    withTracer(recorder, () => {
      const placeholders = args.map((argument, i) => {
        if (!isTensor(argument)) return argument;
        if (argument.requiresGrad) {
          refuse(
            TraceError,
            'compile',
            `argument ${i} requires grad; let the function use it from outside instead, or detach() it`,
            { argument: `args[${i}]` },
          );
        }
        const storage = Storage.allocate(recorder, argument.numel);
        recorder.inputs.set(storage, inputs.length);
        inputs.push(storage.address);
        return new Tensor(storage, argument.shape, stridesOf(argument.shape), 0, argument.dtype);
      });
      const result = fn(...(placeholders as never[]));
      if (isPromise(result))
        refuse(TraceError, 'compile', 'the function is asynchronous; only synchronous functions can be recorded');
      const heap = new VirtualHeap(recorder.buffers);
      form = mapTensors(result, (tensor) => {
        const { storage } = tensor;
        const isOwn =
          storage.executor === recorder && !recorder.inputs.has(storage) && storage.refs === 1 && !tensor.kept;
        const given = isOwn ? tensor : clone(tensor.detach());
        const buffer = heap.at(given.storage.address) ?? new VirtualHeap(recorder.buffers).at(given.storage.address)!;
        outputs.push({ buffer, offset: given.offset, shape: given.shape, strides: given.strides, dtype: given.dtype });
        return new Slot(outputs.length - 1);
      });
    });
  } finally {
    closeScope(traceScope);
  }
  const heap = new VirtualHeap(recorder.buffers);
  const replay = new Replay(
    recorder,
    inputs.map((address) => heap.at(address)!),
    outputs,
  );
  return { replay, assemble: (results) => fill(form, results) };
}

/**
 * A function that runs as one program. The first call with inputs of new shapes records what `fn` does: forward,
 * backward, optimizer steps; later calls replay it with one call into the kernels. Parameters, the optimizer's memory and
 * settings, and random numbers stay live; after `model.eval()`, `train()` or a change of a parameter's `requiresGrad` the function is
 * recorded anew, once for each mode. A module or parameter that is put in another's place is not noticed. Results are new tensors
 * without history; outside of scopes the last sixteen calls' results are kept, older ones are freed.
 *
 * Indices, and other numbers that must be in range, are looked at in every run, given ones and computed ones. If one is out of range, the
 * call throws what the operation itself would throw, and all that the function changes is as it was before the call: parameters,
 * gradients, an optimizer's memory, running statistics, the random numbers. Where the program runs on webgpu, it is done by the time this is known:
 * there the error comes from the next `await data()` of any tensor that lives there, unless the number was written by the host, which
 * knows it before.
 *
 * Values cannot be read inside (`item()`, `data()`), and arguments other than tensors are constants: another value is
 * another program.
 *
 * @throws TraceError for what cannot be recorded, and what the function itself throws
 * @example
 * const step = compile((x: Tensor, y: Tensor) => {
 *   optimizer.zeroGrad();
 *   const loss = F.crossEntropy(model.forward(x), y);
 *   loss.backward();
 *   optimizer.step();
 *   return loss;
 * });
 * console.log(step(x, y).item());
 */
export function compile<A extends unknown[], R>(fn: (...args: A) => R, options: CompileOptions = {}): Compiled<A, R> {
  if (arguments.length > 2) noMore('compile', 2, arguments);
  checkOptions('compile', options, { device: VALUE });
  if (typeof fn !== 'function')
    refuse(ArgumentError, 'compile', `expected a function, got ${typeof fn}`, { argument: 'fn', got: fn });
  const entries: Entry[] = [];
  const recent: Tensor[][] = [];
  let last: Entry | null = null;

  const { device } = options;
  const record = (args: readonly unknown[]): Traced & { placement: Placement } => {
    const recordOn = (recorder: Recorder) => trace(fn as (...args: never[]) => unknown, args, recorder);
    const inputs = args.filter(isTensor);
    if (device === 'auto') return place(inputs, recordOn);
    const [first] = inputs;
    const executor = device === undefined ? (first?.executor ?? defaultExecutor()) : executorFor(device);
    const reason =
      device === undefined ? `its first input lives on ${executor.device}` : `it was compiled for ${executor.device}`;
    return {
      ...recordOn(new Recorder(executor)),
      placement: {
        device: executor.device,
        estimate: {},
        reason: first === undefined && device === undefined ? 'new tensors go there' : reason,
      },
    };
  };

  const find = (args: readonly unknown[]): Entry => {
    const grad = isGradEnabled();
    const serves = ({ kinds, grad: wanted, replay }: Entry) =>
      wanted === grad &&
      kinds.length === args.length &&
      kinds.every((kind, i) => fits(kind, args[i])) &&
      replay.isCurrent() &&
      // Without the GPU the choice is another one.
      !(device === 'auto' && replay.base.isLost === true);
    if (last !== null && serves(last)) return last;
    for (let i = entries.length - 1; i >= 0; i--) if (entries[i] !== last && serves(entries[i]!)) return entries[i]!;
    for (const stale of entries.filter(({ replay }) => replay.isStale())) {
      entries.splice(entries.indexOf(stale), 1);
      if (stale === last) last = null;
      stale.replay.dispose();
    }
    if (entries.length >= MAX_PROGRAMS) {
      refuse(
        TraceError,
        'compile',
        `${MAX_PROGRAMS} programs were recorded for one function, because each call brought new shapes or new numbers; pass what changes as a tensor`,
      );
    }
    const entry: Entry = {
      kinds: args.map(kindOf),
      grad,
      ...record(args),
    };
    entries.push(entry);
    return entry;
  };

  const call = (...args: A): R => {
    if (tracing !== null) return fn(...args);
    const entry = find(args);
    last = entry;
    const { replay } = entry;
    const tensors = args.filter(isTensor);
    const inputs: Tensor[] = [];
    let results: Tensor[];
    try {
      tensors.forEach((tensor, i) => {
        const input = inputOn(replay.base, tensor);
        const isShared = replay.sharesChanges(tensors, i);
        inputs.push(isShared && input === tensor && !replay.changedInputs.includes(i) ? materialize(tensor) : input);
        if (isShared && replay.changedInputs.includes(i)) throw changesShared(args, tensor);
      });
      for (const i of replay.changedInputs) if (inputs[i] !== tensors[i]) throw changesCopy(args, tensors[i]!);
      results = replay.run(inputs);
    } catch (error) {
      replay.giveUp();
      throw error;
    } finally {
      inputs.forEach((input, i) => {
        done(input, tensors[i]!);
      });
    }
    if (openScopes() === 0) {
      recent.push(results);
      if (recent.length > RECENT_RESULTS) for (const old of recent.shift()!) if (!old.kept) old.dispose();
    }
    return entry.assemble(results) as R;
  };

  const compiled = Object.defineProperties(call, {
    program: { get: () => (last === null ? null : describe(last.replay)) },
    placement: { get: () => last?.placement ?? null },
    dispose: {
      value: () => {
        for (const { replay } of entries) replay.dispose();
        entries.length = 0;
        last = null;
      },
    },
  }) as Compiled<A, R>;
  programs.set(compiled, () => ({ last: last?.replay ?? null, all: entries.map(({ replay }) => replay) }));
  return compiled;
}

/** What is wrong with an argument that a program changes in place, and that shares memory with something else that it changes. */
function changesShared(args: readonly unknown[], given: Tensor): TraceError {
  const argument = `args[${args.indexOf(given)}]`;
  return new TraceError(
    `compile: the function changes ${argument} in place, which shares memory with something else that it changes; pass ${argument} as a clone(), or use the function without compile`,
    { op: 'compile', argument },
  );
}

/** What is wrong with an argument that a program would change in place, but of which it is given a copy. */
function changesCopy(args: readonly unknown[], given: Tensor): TraceError {
  const argument = `args[${args.indexOf(given)}]`;
  return new TraceError(
    `compile: the function changes ${argument} in place; that must be contiguous and on the program's device, but it is ${show(given.shape)} with strides ${show(given.strides)} on ${given.device}`,
    { op: 'compile', argument },
  );
}

/** How to get at the programs of a compiled function. */
const programs = new WeakMap<object, () => { last: Replay | null; all: Replay[] }>();

/** @internal Storages that the function's programs on a GPU change. */
export function changedOnGpu(compiled: object): Storage[] {
  return programs.get(compiled)!().all.flatMap(({ isAsynchronous, changedStorages }) =>
    isAsynchronous ? [...changedStorages] : [],
  );
}

/** @internal The program that a compiled function ran last. */
export function replayOf(step: unknown): Replay | null {
  const get = typeof step === 'function' ? programs.get(step) : undefined;
  if (get === undefined)
    refuse(ArgumentError, 'profile', 'expected a function made by compile()', { argument: 'step', got: step });
  return get().last;
}

function describe(replay: Replay): ProgramInfo {
  return { ...replay.figures, toString: () => list(replay) };
}

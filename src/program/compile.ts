/**
 * `compile`: traces a function once for each kind of input; later calls replay it with one call into the kernels.
 */
import { ArgumentError, refuse, TraceError } from '../../bindings/errors.ts';
import type { Device, Executor } from '../../bindings/executor.ts';
import { isAsyncFunction } from '../../bindings/realm.ts';
import { dense, done, materialize } from '../emit/emit.ts';
import { moveTo } from '../ops/index.ts';
import { checkOptions, noMore, VALUE } from '../options.ts';
import { noGrad } from '../tape/mode.ts';
import { show } from '../tensor/shapes.ts';
import type { Storage } from '../tensor/storage.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';
import { tracing } from '../tensor/trace.ts';
import type { ProgramFigures } from './link.ts';
import { list } from './listing.ts';
import type { Placement } from './placement.ts';
import { Programs } from './programs.ts';
import type { Replay } from './replay.ts';
import { refuseAsynchronous, type Traceable, withoutProgram } from './traced.ts';

/** Options of `compile`. */
export interface CompileOptions {
  /**
   * Where the program runs; inputs that live elsewhere are copied there at every call. Default: the device of its first input.
   *
   * 'auto': the CPU or the GPU, whichever is estimated to be faster for inputs of these shapes. `init({ device: 'auto' })` opens and
   * measures the GPU; without it everything stays on the CPU. Results live where the program ran: `await result.data()` reads them on
   * either device. Tensors outside that the function only reads stay where they are, with a copy on the GPU that is kept up to date. Those
   * that it changes (parameters, an optimizer's memory) move to the GPU when the GPU is first chosen, and stay there until `move` brings
   * them back; until then the function runs on the GPU for all shapes. To make the choice, the function may be recorded twice.
   */
  device?: Device | 'auto';
}

/** A program for people to read: figures, and a listing as text. */
export interface ProgramInfo extends ProgramFigures {
  toString(): string;
}

/** A compiled function: call it like the function itself. */
export interface Compiled<A extends unknown[], R> {
  (...args: A): R;
  /** The program that ran last, or null before the first call. */
  readonly program: ProgramInfo | null;
  /** Where that program runs and why, or null before the first call. */
  readonly placement: Placement | null;
  /** Frees all programs. */
  dispose(): void;
}

/**
 * A function that runs as one program. The first call with inputs of new shapes records what `fn` does: forward,
 * backward, optimizer steps; later calls replay it with one call into the kernels. Parameters, the optimizer's memory and
 * settings, and random numbers stay live. After `model.eval()`, `train()` or a change of a parameter's `requiresGrad` the function is
 * recorded again, once for each mode. Replacing a module or parameter by another one is not noticed. Results are new tensors
 * without history. Programs are a cache of 128; a function that hardly ever sees the same shapes again says so once and runs without
 * programs until they repeat.
 *
 * Indices, and other numbers that must be in range, are checked in every run, whether they are given or computed. If one is out of range,
 * the call throws what the operation itself would throw, and everything that the function changes is as it was before the call: parameters,
 * gradients, an optimizer's memory, running statistics, the random numbers. A program on webgpu has finished by the time this is known:
 * there the error comes from the next `await data()` of any tensor that lives there, unless the host wrote the number and so knows it
 * before the run.
 *
 * Values cannot be read inside (`item()`, `data()`). Arguments other than tensors are constants: each value has a program of its own.
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
  if (isAsyncFunction(fn)) refuseAsynchronous();
  const programs = new Programs(fn as Traceable, options.device);

  const call = (...args: A): R => {
    if (tracing !== null) return fn(...args);
    const entry = programs.find(args);
    if (entry === null) return withoutProgram(fn as Traceable, args) as R;
    return entry.assemble(runOn(entry.replay, args)) as R;
  };

  const compiled = Object.defineProperties(call, {
    program: { get: () => (programs.last === null ? null : describe(programs.last.replay)) },
    placement: { get: () => programs.last?.placement ?? null },
    dispose: { value: () => programs.dispose() },
  }) as Compiled<A, R>;
  known.set(compiled, programs);
  return compiled;
}

/** Runs a program on the tensors among the arguments of a call. */
function runOn(replay: Replay, args: readonly unknown[]): Tensor[] {
  const tensors = args.filter(isTensor);
  const inputs: Tensor[] = [];
  try {
    tensors.forEach((tensor, i) => {
      const input = inputOn(replay.base, tensor);
      const isShared = replay.sharesChanges(tensors, i);
      const isChanged = replay.changedInputs.includes(i);
      inputs.push(isShared && input === tensor && !isChanged ? materialize(tensor) : input);
      if (isShared && isChanged) refuseShared(args, tensor);
    });
    for (const i of replay.changedInputs) if (inputs[i] !== tensors[i]) refuseCopy(args, tensors[i]!);
    return replay.run(inputs);
  } catch (error) {
    replay.giveUp();
    throw error;
  } finally {
    inputs.forEach((input, i) => {
      done(input, tensors[i]!);
    });
  }
}

/** A contiguous tensor on the program's executor: the argument itself, or a copy. */
function inputOn(executor: Executor, argument: Tensor): Tensor {
  return argument.executor === executor ? dense(argument) : noGrad(() => moveTo(argument, executor));
}

/** Refuses an argument that a program changes in place, and that shares memory with something else that it changes. */
function refuseShared(args: readonly unknown[], given: Tensor): never {
  const argument = `args[${args.indexOf(given)}]`;
  refuse(
    TraceError,
    'compile',
    `the function changes ${argument} in place, which shares memory with something else that it changes; pass ${argument} as a clone(), or use the function without compile`,
    { argument },
  );
}

/** Refuses an argument that a program would change in place, but of which it gets a copy. */
function refuseCopy(args: readonly unknown[], given: Tensor): never {
  const argument = `args[${args.indexOf(given)}]`;
  refuse(
    TraceError,
    'compile',
    `the function changes ${argument} in place; that must be contiguous and on the program's device, but it is ${show(given.shape)} with strides ${show(given.strides)} on ${given.device}`,
    { argument },
  );
}

/** The programs of compiled functions. */
const known = new WeakMap<object, Programs>();

/** @internal The storages that the function's programs on a GPU change. */
export function changedOnGpu(compiled: object): Storage[] {
  const replays = known.get(compiled)?.replays ?? [];
  return replays.flatMap(({ isAsynchronous, changedStorages }) => (isAsynchronous ? [...changedStorages] : []));
}

/** @internal The program that a compiled function ran last. */
export function replayOf(step: unknown): Replay | null {
  const programs = typeof step === 'function' ? known.get(step) : undefined;
  if (programs === undefined)
    refuse(ArgumentError, 'profile', 'expected a function made by compile()', { argument: 'step', got: step });
  return programs.last?.replay ?? null;
}

function describe(replay: Replay): ProgramInfo {
  return { ...replay.figures, toString: () => list(replay) };
}

/** Tracing: runs a function once on a recorder instead of an executor, and makes a program of what was recorded. */
import { refuse, TraceError } from '../../bindings/errors.ts';
import { isPromise, isRecord } from '../../bindings/realm.ts';
import { clone, compose } from '../ops/index.ts';
import { closeScope, openScope } from '../tensor/scope.ts';
import { stridesOf } from '../tensor/shapes.ts';
import { Storage } from '../tensor/storage.ts';
import { dropGrad, isTensor, Tensor } from '../tensor/tensor.ts';
import { withTracer } from '../tensor/trace.ts';
import type { ProgramOutput } from './link.ts';
import { VirtualHeap } from './passes.ts';
import type { Recorder } from './recorder.ts';
import { Replay } from './replay.ts';

/** A function, of which only its result is of interest here. */
export type Traceable = (...args: readonly unknown[]) => unknown;

/** What tracing a function gives. */
export interface Traced {
  replay: Replay;
  /** Puts the results of a run where the function's own result has them. */
  assemble: (results: readonly Tensor[]) => unknown;
}

/** Traces a function on a recorder. If that throws, leaves have the gradients that they had before. */
export function trace(fn: Traceable, args: readonly unknown[], recorder: Recorder): Traced {
  try {
    const traced = traceOn(recorder, fn, args);
    recorder.unpin();
    return traced;
  } catch (error) {
    recorder.unpin();
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

function traceOn(recorder: Recorder, fn: Traceable, args: readonly unknown[]): Traced {
  const heap = new VirtualHeap(recorder.buffers);
  const outputs: ProgramOutput[] = [];
  let form: unknown;
  const traceScope = openScope();
  try {
    withTracer(recorder, () => {
      const result = fn(
        ...args.map((argument, i) => (isTensor(argument) ? placeholderFor(recorder, argument, i) : argument)),
      );
      refusePromise(result);
      form = mapTensors(result, (tensor) => {
        outputs.push(outputOf(recorder, heap, tensor));
        return new Slot(outputs.length - 1);
      });
    });
  } finally {
    closeScope(traceScope);
  }
  const inputs = Array.from(recorder.inputs.keys(), ({ address }) => heap.get(address));
  return { replay: new Replay(recorder, inputs, outputs), assemble: (results) => fill(form, results) };
}

export function refuseAsynchronous(): never {
  refuse(TraceError, 'compile', 'the function is asynchronous; only synchronous functions can be recorded');
}

function refusePromise(result: unknown): void {
  if (!isPromise(result)) return;
  // The error tells what is wrong; one more, later, would end the process.
  result.then(undefined, () => {});
  refuseAsynchronous();
}

/** Runs the function as it is, with results as a program has them: new tensors without history. */
export function withoutProgram(fn: Traceable, args: readonly unknown[]): unknown {
  args.forEach(refuseGrad);
  return compose(() => {
    const result = fn(...args);
    refusePromise(result);
    return mapTensors(result, (tensor) => {
      const isOwn = tensor.storage.refs === 1 && !tensor.kept;
      return isOwn ? tensor.detach() : clone(tensor.detach());
    });
  });
}

/** Refuses an argument that gradients are wanted of. */
function refuseGrad(argument: unknown, i: number): void {
  if (!isTensor(argument) || !argument.requiresGrad) return;
  refuse(
    TraceError,
    'compile',
    `argument ${i} requires grad; let the function use it from outside instead, or detach() it`,
    { argument: `args[${i}]` },
  );
}

/** What the function is given for argument number i: a tensor on virtual memory. */
function placeholderFor(recorder: Recorder, argument: Tensor, i: number): Tensor {
  refuseGrad(argument, i);
  const storage = Storage.allocate(recorder, argument.numel);
  recorder.inputs.set(storage, recorder.inputs.size);
  return new Tensor(storage, argument.shape, stridesOf(argument.shape), 0, argument.dtype);
}

/** A result where the program leaves it: in a block of its own, to which it is copied if it is not there. */
function outputOf(recorder: Recorder, heap: VirtualHeap, tensor: Tensor): ProgramOutput {
  const { storage } = tensor;
  const isOwn = storage.executor === recorder && !recorder.inputs.has(storage) && storage.refs === 1 && !tensor.kept;
  const given = isOwn ? tensor : clone(tensor.detach());
  if (given.storage.executor !== recorder) {
    refuse(
      TraceError,
      'compile',
      `a result lives on ${given.device}, but the program runs on ${recorder.device}; return it with to('${recorder.device}')`,
      { got: given.device, expected: recorder.device },
    );
  }
  const { offset, shape, strides, dtype } = given;
  return { buffer: heap.get(given.storage.address), offset, shape, strides, dtype };
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

/** Stands for a tensor in the form of a result. */
class Slot {
  constructor(readonly index: number) {}
}

function fill(form: unknown, results: readonly Tensor[]): unknown {
  if (form instanceof Slot) return results[form.index];
  if (Array.isArray(form)) return form.map((part) => fill(part, results));
  if (isRecord(form)) {
    return Object.fromEntries(Object.entries(form).map(([name, part]) => [name, fill(part, results)]));
  }
  return form;
}

/**
 * A model's forward pass as a list of operations: the model runs once, in evaluation mode, and a watcher records each operation with its
 * operands and results. A value that depends neither on an input nor on a parameter becomes a constant. It knows nothing of ONNX.
 */
import { ArgumentError, refuse } from '../../../bindings/errors.ts';
import type { DType, NumericArray } from '../../../bindings/executor.ts';
import type { Module } from '../../nn/module.ts';
import { tensor } from '../../ops/index.ts';
import { noGrad } from '../../tape/mode.ts';
import { scope } from '../../tensor/scope.ts';
import type { Shape } from '../../tensor/shapes.ts';
import { isTensor, type Tensor } from '../../tensor/tensor.ts';
import { type Details, type Watcher, withWatcher } from '../../tensor/watch.ts';

/** A value of the trace: its origin, and its elements if it is a constant. */
export interface Traced {
  from: 'input' | 'parameter' | 'constant' | 'operation';
  /** For a parameter: its name in the state dict. */
  name?: string;
  shape: Shape;
  dtype: DType;
  data?: NumericArray;
}

/** One operation. Inputs and outputs are positions in the trace's values. */
export interface Step {
  op: string;
  inputs: number[];
  outputs: number[];
  details: Details;
}

export interface Trace {
  values: Traced[];
  inputs: number[];
  outputs: number[];
  /** The steps that an output needs, in order. */
  steps: Step[];
}

/** Shape and type of an example input. */
export interface Example {
  shape: Shape;
  dtype: DType;
}

class Tracer implements Watcher {
  readonly values: Traced[] = [];
  readonly steps: Step[] = [];
  /** Positions of all tensors that are not constants, and of the constants that have been used. */
  private readonly places = new Map<Tensor, number>();

  constructor(model: Module) {
    for (const [name, value] of Object.entries(model.stateDict()))
      if (!this.places.has(value)) this.add(value, { from: 'parameter', name });
  }

  private add(t: Tensor, source: Pick<Traced, 'from' | 'name' | 'data'>): number {
    const place = this.values.push({ shape: t.shape, dtype: t.dtype, ...source }) - 1;
    this.places.set(t, place);
    return place;
  }

  input(t: Tensor): number {
    return this.add(t, { from: 'input' });
  }

  /** The position of a tensor's value; a tensor that is not known yet is a constant. */
  placeOf(t: Tensor): number {
    return this.places.get(t) ?? this.add(t, { from: 'constant', data: t.dataSync() });
  }

  private isLive(t: Tensor): boolean {
    const place = this.places.get(t);
    return place !== undefined && this.values[place]?.from !== 'constant';
  }

  note(
    op: string,
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
    details: Details = {},
    restated = false,
  ): void {
    if (!inputs.some((t) => this.isLive(t))) return;
    if (!restated && outputs.some((t) => this.places.has(t))) return;
    const from = inputs.map((t) => this.placeOf(t));
    this.steps.push({ op, inputs: from, outputs: outputs.map((t) => this.add(t, { from: 'operation' })), details });
  }

  read(op: string, x: Tensor): void {
    if (!this.isLive(x)) return;
    refuse(
      ArgumentError,
      'exportOnnx',
      `the model reads the elements of a tensor (${op}); what it computes from them would be missing in the file`,
      { argument: 'model', got: op },
    );
  }

  changed(op: string, x: Tensor, result: Tensor): void {
    if (this.isLive(x) || this.isLive(result)) {
      refuse(
        ArgumentError,
        'exportOnnx',
        `the model changes a tensor in place (${op}); ONNX has no such operation: use one that gives a new tensor`,
        { argument: 'model', got: op },
      );
    }
    // Views of the same elements have changed as well.
    for (const t of this.places.keys()) if (t.storageOrNull === x.storage) this.places.delete(t);
  }
}

/** All tensors in a result, in order. */
function tensorsIn(result: unknown, into: Tensor[] = []): Tensor[] {
  if (isTensor(result)) into.push(result);
  else if (Array.isArray(result)) for (const part of result) tensorsIn(part, into);
  else if (typeof result === 'object' && result !== null) tensorsIn(Object.values(result), into);
  return into;
}

/** Drops the steps that no output needs. */
function needed(steps: readonly Step[], outputs: readonly number[]): Step[] {
  const wanted = new Set(outputs);
  const kept: Step[] = [];
  for (const step of [...steps].reverse()) {
    if (!step.outputs.some((place) => wanted.has(place))) continue;
    for (const place of step.inputs) wanted.add(place);
    kept.push(step);
  }
  return kept.reverse();
}

/** Numbers that depend on `seed` and leave the library's random numbers alone: floats from −1 to 1, indices 0 and 1. */
function exampleValues({ shape, dtype }: Example, seed: number): NumericArray {
  const length = shape.reduce((a, b) => a * b, 1);
  if (dtype !== 'float32') return Int32Array.from({ length }, (_, i) => (i + seed) % 2);
  let state = 12345;
  return Float32Array.from({ length }, () => {
    // Numerical Recipes' linear congruential generator.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 31 - 1) * (seed % 2 === 0 ? 1 : -0.75);
  });
}

/** The trace of the model on inputs like the examples. `seed` chooses their elements. */
export function traceModel(model: Module, examples: readonly Example[], seed: number): Trace {
  const modes = model.modules().map((module) => [module, module.training] as const);
  const device = model.parameters()[0]?.device;
  try {
    model.eval();
    return noGrad(() =>
      scope(() => {
        const tracer = new Tracer(model);
        const tensors = examples.map((example) =>
          tensor(exampleValues(example, seed), { shape: example.shape, dtype: example.dtype, device }),
        );
        const inputs = tensors.map((t) => tracer.input(t));
        const run = model.forward as (...given: Tensor[]) => unknown;
        const results = tensorsIn(withWatcher(tracer, () => run.apply(model, tensors)));
        const outputs = results.map((t) => tracer.placeOf(t));
        return { values: tracer.values, inputs, outputs, steps: needed(tracer.steps, outputs) };
      }),
    );
  } finally {
    for (const [module, training] of modes) module.training = training;
  }
}

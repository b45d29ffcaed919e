/** Models made with nn.Graph as JSON, and back: shapes of the inputs, steps with the numbers of the values that they take, outputs. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { isInstance } from '../copies.ts';
import type { Join } from '../nn/graph.ts';
import { Graph, type GraphModel, type GraphValue, Module } from '../nn/index.ts';
import type { Shape } from '../tensor/shapes.ts';
import type { Architecture, Decode, Encode } from './layer.ts';

/** Values are numbered: first the inputs, then one value per step. */
interface SavedStep {
  inputs: number[];
  run: { module: Architecture } | Join;
}

export function saveGraph({ ends: { inputs, outputs, path } }: GraphModel, encode: Encode): unknown[] {
  const numbers = new Map<GraphValue, number>([...inputs, ...path].map((value, i) => [value, i]));
  const numbersOf = (values: readonly GraphValue[]) => values.map((value) => numbers.get(value)!);
  const steps = path.map(({ step }): SavedStep => {
    const { run, join, inputs: sources } = step!;
    if (join !== null) return { inputs: numbersOf(sources), run: join };
    if (isInstance(run, Module)) return { inputs: numbersOf(sources), run: { module: encode(run) } };
    return refuse(ArgumentError, 'saveModel', 'a function in a graph cannot be saved; make it a module', {
      argument: 'model',
      got: run,
    });
  });
  return [inputs.map(({ shape }) => shape), steps, numbersOf(outputs)];
}

export function loadGraph(args: unknown[], decode: Decode): GraphModel {
  const [shapes, steps, outputs] = args as [(Shape | null)[], SavedStep[], number[]];
  const graph = new Graph();
  const inputs = shapes.map((shape) => graph.input(shape));
  const values = [...inputs];
  const valuesAt = (numbers: readonly number[]) => numbers.map((number) => values[number]!);
  for (const { run, inputs: numbers } of steps) {
    const sources = valuesAt(numbers);
    if ('module' in run) values.push(graph.apply(decode(run.module), ...sources));
    else if (run.kind === 'add') values.push(graph.add(...sources));
    else values.push(graph.concat(sources, run.dim));
  }
  return graph.model({ inputs, outputs: valuesAt(outputs) });
}

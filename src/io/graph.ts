/** Models drawn with nn.Graph as JSON, and back: shapes of the inputs, steps by the numbers of the values that they take, outputs. */
import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { isInstance } from '../copies.ts';
import type { Join } from '../nn/graph.ts';
import { Graph, type GraphModel, type GraphValue, Module } from '../nn/index.ts';
import type { Shape } from '../tensor/shapes.ts';
import type { Architecture, Decode, Encode } from './layer.ts';

/** Values are numbered: inputs first, then one a step. */
interface SavedStep {
  inputs: number[];
  run: { module: Architecture } | Join;
}

export function saveGraph({ ends: { inputs, outputs, path } }: GraphModel, encode: Encode): unknown[] {
  const numbers = new Map<GraphValue, number>([...inputs, ...path].map((value, i) => [value, i]));
  const steps = path.map(({ step }): SavedStep => {
    const { run, join, inputs: sources } = step!;
    if (join === null && !isInstance(run, Module)) {
      refuse(ArgumentError, 'saveModel', 'a function in a graph cannot be saved; make it a module', {
        argument: 'model',
        got: run,
      });
    }
    return {
      inputs: sources.map((source) => numbers.get(source)!),
      run: join ?? { module: encode(run as Module) },
    };
  });
  return [inputs.map(({ shape }) => shape), steps, outputs.map((output) => numbers.get(output)!)];
}

export function loadGraph(args: unknown[], decode: Decode): GraphModel {
  const [shapes, steps, outputs] = args as [(Shape | null)[], SavedStep[], number[]];
  const graph = new Graph();
  const inputs = shapes.map((shape) => graph.input(shape));
  const values = [...inputs];
  for (const { run, inputs: numbers } of steps) {
    const sources = numbers.map((number) => values[number]!);
    if ('module' in run) values.push(graph.apply(decode(run.module), ...sources));
    else if (run.kind === 'add') values.push(graph.add(...sources));
    else values.push(graph.concat(sources, run.dim));
  }
  return graph.model({ inputs, outputs: outputs.map((number) => values[number]!) });
}

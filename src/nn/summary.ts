/** A model as a table: the output shape of each layer and how many parameters it has. */

import { zeros } from '../ops/index.ts';
import { noMore } from '../options.ts';
import { noGrad } from '../tape/mode.ts';
import { scope } from '../tensor/scope.ts';
import { checkList, checkShape, type Shape } from '../tensor/shapes.ts';
import { isTensor } from '../tensor/tensor.ts';
import type { Module } from './module.ts';
import { Parameter } from './parameter.ts';

type Forward = (...inputs: unknown[]) => unknown;

/** Shapes of the tensors in a result. */
function shapesOf(result: unknown): string {
  if (isTensor(result)) return `[${result.shape.join(', ')}]`;
  if (Array.isArray(result)) return result.map(shapesOf).join(', ');
  return typeof result === 'object' && result !== null ? Object.values(result).map(shapesOf).join(', ') : '';
}

/** Parameters of the module itself, not of those inside it. */
function ownParameters(module: Module): Parameter[] {
  return Object.values(module).filter((value) => value instanceof Parameter);
}

/** Cells of a line of the table. */
type Row = [layer: string, shape: string, parameters: string];

function table(head: Row, body: readonly Row[], total: readonly string[]): string {
  const widths = head.map((_, i) => Math.max(...[head, ...body].map((row) => row[i]?.length ?? 0)) + 2);
  const line = (row: Row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('')
      .trimEnd();
  const rule = '─'.repeat(widths.reduce((a, b) => a + b, 0));
  return [line(head), rule, ...body.map(line), rule, ...total].join('\n');
}

const isSeveral = (given: Shape | readonly Shape[]): given is readonly Shape[] => Array.isArray(given[0]);

/** How many numbers these parameters have. */
const count = (parameters: readonly Parameter[]) => parameters.reduce((n, { numel }) => n + numel, 0);

const figure = (n: number) => n.toLocaleString('en-US');

/**
 * Layers with output shapes and numbers of parameters, as text. The model runs once, on zeros and in evaluation mode.
 *
 * @param inputShape with the batch: [1, 784]; a list of shapes for several inputs
 * @example
 * console.log(summary(new nn.Sequential(new nn.Linear(784, 128), new nn.ReLU()), [1, 784]));
 */
export function summary(model: Module, inputShape: Shape | readonly Shape[]): string {
  if (arguments.length > 2) noMore('summary', 2, arguments);
  checkList('summary', 'inputShape', inputShape);
  const shapes = isSeveral(inputShape) ? inputShape : [inputShape];
  for (const shape of shapes) checkShape('summary', shape);
  const rows: Row[] = [];
  const seen = new Set<Parameter>();
  const modes = model.modules().map((module) => [module, module.training] as const);
  const patched: Module[] = [];
  try {
    model.eval();
    for (const [name, module] of model.namedModules()) {
      if (module.children().length > 0 && ownParameters(module).length === 0) continue;
      const forward = module.forward as Forward;
      patched.push(module);
      module.forward = function (this: Module, ...inputs: unknown[]) {
        const result = forward.apply(this, inputs);
        const fresh = ownParameters(module).filter((parameter) => !seen.has(parameter));
        for (const parameter of fresh) seen.add(parameter);
        const label = `${name} (${module.constructor.name})`;
        rows.push([label.trim(), shapesOf(result), figure(count(fresh))]);
        return result;
      };
    }
    noGrad(() => scope(() => void (model.forward as Forward)(...shapes.map((shape) => zeros(shape)))));
  } finally {
    for (const module of patched) Reflect.deleteProperty(module, 'forward');
    for (const [module, training] of modes) module.training = training;
  }
  const all = model.parameters();
  const trained = count(all.filter((parameter) => parameter.requiresGrad));
  return table(['Layer', 'Output shape', 'Parameters'], rows, [
    `Parameters: ${figure(count(all))}`,
    `Trained: ${figure(trained)}`,
    `Frozen: ${figure(count(all) - trained)}`,
  ]);
}

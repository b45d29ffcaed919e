/**
 * What a program costs, by the rows of the command table: its matrix products, the elements that everything else processes,
 * and its dispatches on a GPU. Where it runs, and how fast that is, is not known here.
 */
import type { CommandCost, Product } from '../../bindings/commands/cost.ts';
import type { Command } from './commands.ts';
import { costOfOne } from './generated/cost.ts';

export type ProductCost = Required<Product<number>>;

/** As in the rows, except that `flops` includes the products, and `elements` and `launches` include sorting on a GPU. */
export interface Cost extends Required<Omit<CommandCost<number>, 'products' | 'sorted'>> {
  products: ProductCost[];
}

/** Steps of a bitonic network that a workgroup takes at once. */
const STEPS_AT_ONCE = 9;

/** Passes over the elements in which a GPU sorts rows of a length. */
function passesOf(length: number): number {
  const steps = Math.ceil(Math.log2(Math.max(2, length)));
  const beyond = Math.max(0, steps - STEPS_AT_ONCE);
  return 1 + (beyond * (beyond + 3)) / 2;
}

/** The cost of one command. */
export function costOf(command: Command): Cost {
  if (command.opcode === 'strip' || command.opcode === 'group') {
    const sum = sumOfCosts(command.parts);
    if (command.opcode === 'group') return sum;
    // A strip is one dispatch that processes its elements once.
    return { ...sum, launches: 1, elements: sum.elements / Math.max(1, command.parts.length) };
  }
  const row = costOfOne(command);
  const { elements = 0, work = elements, launches = row.elements === undefined ? 0 : 1, flops = 0, sorted } = row;
  const products = (row.products ?? []).map((product) => ({ batch: 1, count: 1, ...product }));
  const passes = sorted === undefined ? 0 : passesOf(sorted.length);
  return {
    products,
    work,
    elements: elements + (sorted?.elements ?? 0) * passes,
    launches: launches + passes,
    flops: products.reduce((sum, { m, n, k, batch, count }) => sum + 2 * m * n * k * batch * count, flops),
  };
}

/** The cost of commands one after the other. */
export function sumOfCosts(commands: readonly Command[]): Cost {
  const sum: Cost = { products: [], work: 0, elements: 0, launches: 0, flops: 0 };
  for (const command of commands) {
    const { products, work, elements, launches, flops } = costOf(command);
    sum.products.push(...products);
    sum.work += work;
    sum.elements += elements;
    sum.launches += launches;
    sum.flops += flops;
  }
  return sum;
}

/**
 * The backward pass. It walks the recorded nodes from the newest to the oldest, asks each one's rule for the gradients of
 * its inputs, undoes broadcasting in one place, and accumulates gradients: in `grad` for leaves, in `pending` for all others.
 */
import { AutogradError, DTypeError, refuse, ShapeError } from '../../bindings/errors.ts';
import { commonExecutor, emitBinaryInto, materialize } from '../emit/emit.ts';
import { add, checkTensor, constant, inPlace, sumTo } from '../ops/index.ts';
import { isInRowMemory } from '../ops/rowGradient.ts';
import { checkOptions, FLAG, noMore, VALUE } from '../options.ts';
import { withGrad } from '../tape/mode.ts';
import type { Context, Primitive } from '../tape/primitives.ts';
import { anotherHandle } from '../tape/views.ts';
import { consume, type Node, releaseVariable, type Saved, takeGrad, type Variable } from '../tensor/graph.ts';
import { closeScope, keep, openScope } from '../tensor/scope.ts';
import { sameShape, show } from '../tensor/shapes.ts';
import { Tensor } from '../tensor/tensor.ts';
import { tracing } from '../tensor/trace.ts';
import type { Rule } from './rules/rule.ts';
import { rules } from './rules.ts';

let passes = 0;

/** A recorded operation as its rule sees it. */
class NodeContext implements Context<unknown> {
  constructor(
    private readonly node: Node,
    private readonly variable: Variable,
    private readonly createGraph: boolean,
    /** Whether leaves are given their gradients in `grad`. */
    private readonly deposits: boolean,
  ) {}

  input(i: number): Tensor {
    return this.unpack(this.node.savedInputs[i]!, this.node.inputs[i]!);
  }

  get output(): Tensor {
    return this.unpack(this.node.savedOutput!, this.variable);
  }

  needs(i: number): boolean {
    return this.node.inputs[i] !== null;
  }

  leaf(i: number): Variable | null {
    const variable = this.node.inputs[i] ?? null;
    return this.deposits && !this.createGraph && variable?.node === null ? variable : null;
  }

  shape(i: number): readonly number[] {
    return this.node.shapes[i]!;
  }

  get count(): number {
    return this.node.inputs.length;
  }

  get attributes(): unknown {
    return this.node.attributes;
  }

  private unpack(saved: Saved, variable: Variable | null): Tensor {
    if (saved.version !== saved.storage.version) {
      throw new AutogradError(
        `backward: a value that ${this.node.primitive} needs, ${show(saved.shape)}, was changed in place after it had been used`,
        { op: this.node.primitive },
      );
    }
    return new Tensor(
      saved.storage.retain(),
      saved.shape,
      saved.strides,
      saved.offset,
      saved.dtype,
      this.createGraph ? variable : null,
    );
  }
}

/** Options of `backward`. */
export interface BackwardOptions {
  /** Keep the graph for another backward pass. Default: the value of `createGraph`. */
  retainGraph?: boolean;
  /** Record the backward pass itself, so that gradients can be differentiated again. Default false. */
  createGraph?: boolean;
}

/** Adds two pending gradients. `sum` belongs to this pass, unless `createGraph` is set: then it may be in the graph. */
function addGradients(sum: Tensor, more: Tensor, createGraph: boolean): Tensor {
  if (!createGraph && sum.storage.refs === 1 && sum.contiguous) {
    emitBinaryInto('add', sum, more, sum);
    return sum;
  }
  const total = add(sum, more);
  sum.dispose();
  return total;
}

function accumulate(variable: Variable, gradient: Tensor, createGraph: boolean): void {
  if (variable.pending === null) {
    variable.pending = gradient;
  } else {
    variable.pending = addGradients(variable.pending, gradient, createGraph);
    gradient.dispose();
  }
}

/** Refuses a `grad` that the user has assigned and to which this gradient cannot be added. */
function checkAccumulated(before: Tensor, { shape }: Tensor): void {
  if (!sameShape(before.shape, shape))
    refuse(
      ShapeError,
      'backward',
      `grad of a leaf ${show(shape)} is ${show(before.shape)}; assign one of its shape, or null`,
      { got: before.shape, expected: shape },
    );
  if (before.dtype !== 'float32')
    refuse(DTypeError, 'backward', `grad of a leaf is ${before.dtype}, expected float32`, { got: before.dtype });
}

/** Adds a gradient to a leaf's `grad`. Tensors that the user was given and that no leaf needs any longer go to `left`. */
function deposit(leaf: Variable, gradient: Tensor, createGraph: boolean, left: Tensor[]): void {
  if (leaf.handles === 0) {
    gradient.dispose();
    return;
  }
  const before = leaf.grad;
  if (before === null) {
    const own = createGraph || isInRowMemory(gradient) || (gradient.storage.refs === 1 && gradient.contiguous);
    leaf.grad = keep(own ? gradient : materialize(gradient));
    if (!own) gradient.dispose();
    tracing?.deposited(leaf);
    return;
  }
  commonExecutor('backward', before, gradient);
  checkAccumulated(before, gradient);
  tracing?.accumulated(leaf, before);
  if (createGraph) {
    const sum = keep(add(before, gradient));
    if (leaf.gradExposed) left.push(before);
    takeGrad(leaf);
    leaf.grad = sum;
  } else if (before.contiguous) {
    before.storage.willChange();
    emitBinaryInto('add', before, gradient, before);
    before.storage.version++;
  } else {
    inPlace('backward', before, () => add(before, gradient));
  }
  gradient.dispose();
}

/**
 * Finds every variable from which a root was computed: those with a node go to `order`, in the order in which their rules must run,
 * and leaves to `leaves`. Each is held (refs) until the pass is over; otherwise consuming one node would free the next before it has run.
 */
function collect(roots: readonly Variable[], order: Variable[], leaves: Variable[]): void {
  const pass = ++passes;
  const stack = [...roots];
  for (let variable = stack.pop(); variable !== undefined; variable = stack.pop()) {
    if (variable.pass === pass) continue;
    variable.pass = pass;
    variable.refs++;
    const { node } = variable;
    if (node === null) {
      leaves.push(variable);
      continue;
    }
    if (node.freed) {
      throw new AutogradError(
        `backward: the graph behind ${node.primitive} has been freed by an earlier backward(); pass { retainGraph: true } to the first one`,
        { op: node.primitive },
      );
    }
    order.push(variable);
    for (const input of node.inputs) if (input !== null) stack.push(input);
  }
  order.sort((a, b) => b.node!.id - a.node!.id);
}

/** Runs the rule of a variable's node on its gradient, and passes the gradients on to its inputs. */
function propagate(variable: Variable, node: Node, g: Tensor, createGraph: boolean, deposits: boolean): void {
  const scope = openScope();
  const kept: Tensor[] = [];
  try {
    const rule = rules[node.primitive as Primitive] as Rule<unknown>;
    const gradients = withGrad(createGraph, () => rule(g, new NodeContext(node, variable, createGraph, deposits)));
    // All handles are made before the first is passed on: it may be disposed at once, and others may be the same tensor.
    const owned = node.inputs.map((input, i): Tensor | null => {
      const gradient = gradients[i] ?? null;
      if (gradient === null || input === null) return null;
      const shape = node.shapes[i]!;
      let own = sameShape(gradient.shape, shape) ? gradient : withGrad(createGraph, () => sumTo(gradient, shape));
      if (own === g || own.kept || kept.includes(own)) {
        own = anotherHandle(own);
      }
      kept.push(own);
      return own;
    });
    owned.forEach((own, i) => {
      const input = node.inputs[i] ?? null;
      if (own === null || input === null) return;
      accumulate(input, own, createGraph);
      const { pending } = input;
      if (pending !== null && pending !== own) kept.push(pending);
    });
  } finally {
    closeScope(scope, kept);
  }
}

/** A variable from which a backward pass starts, and its gradient. */
interface Start {
  variable: Variable;
  seed: Tensor;
}

/** @param wanted the variables whose gradients are asked for, leaves or not; `null`: all leaves get theirs in `grad` */
function run(starts: readonly Start[], options: BackwardOptions, wanted: Map<Variable, Tensor | null> | null): void {
  const { createGraph = false, retainGraph = createGraph } = options;
  const scope = openScope();
  const leaves: Variable[] = [];
  const order: Variable[] = [];
  const results: Tensor[] = [];
  try {
    collect(
      starts.map(({ variable }) => variable),
      order,
      leaves,
    );
    for (const { variable, seed } of starts) accumulate(variable, anotherHandle(seed), createGraph);
    for (const variable of order) {
      const { node, pending: gradient } = variable;
      if (node === null || gradient === null) continue;
      propagate(variable, node, gradient, createGraph, wanted === null);
      variable.pending = null;
      if (wanted?.has(variable)) {
        wanted.set(variable, gradient);
        results.push(gradient);
      } else {
        gradient.dispose();
      }
      if (!retainGraph) consume(node);
    }
    if (!retainGraph) for (const { node } of order) if (node?.twin != null) consume(node.twin);
    for (const leaf of leaves) {
      if (leaf.pending === null) continue;
      if (wanted === null) {
        const gradient = leaf.pending;
        leaf.pending = null;
        withGrad(createGraph, () => deposit(leaf, gradient, createGraph, results));
      } else {
        if (wanted.has(leaf)) {
          wanted.set(leaf, leaf.pending);
          results.push(leaf.pending);
        }
        leaf.pending = null;
      }
    }
  } finally {
    closeScope(scope, results);
    for (const variable of [...order, ...leaves]) {
      // After an error no gradient must stay pending.
      variable.pending = null;
      releaseVariable(variable);
    }
  }
}

/** The variable of a tensor that requires grad. */
function rootOf(op: string, root: Tensor): Variable {
  checkTensor(op, 'output', root);
  const { variable } = root;
  if (variable === null || !root.requiresGrad) {
    refuse(
      AutogradError,
      op,
      `the tensor ${show(root.shape)} does not require grad: nothing that it was made from has requiresGrad set`,
    );
  }
  return variable;
}

function seedFor(op: string, root: Tensor, grad: Tensor | undefined): Tensor {
  if (grad === undefined) {
    if (root.numel !== 1) {
      refuse(
        AutogradError,
        op,
        `a gradient can be left out only for a tensor with one element, this one is ${show(root.shape)}`,
        { argument: 'grad' },
      );
    }
    return constant(root.executor, root.shape, 1);
  }
  checkTensor(op, 'grad', grad);
  if (!sameShape(grad.shape, root.shape)) {
    refuse(ShapeError, op, `the gradient's shape ${show(grad.shape)} is not the tensor's, ${show(root.shape)}`, {
      argument: 'grad',
      got: grad.shape,
      expected: root.shape,
    });
  }
  if (grad.dtype !== 'float32')
    refuse(DTypeError, op, `the gradient must be float32, got ${grad.dtype}`, { argument: 'grad', got: grad.dtype });
  return grad;
}

/** `tensor.backward()`. */
export function backward(root: Tensor, grad: Tensor | undefined, options: BackwardOptions): void {
  const variable = rootOf('backward', root);
  checkOptions('backward', options, { retainGraph: FLAG, createGraph: FLAG });
  const seed = seedFor('backward', root, grad);
  try {
    run([{ variable, seed }], options, null);
  } finally {
    if (seed !== grad) seed.dispose();
  }
}

const isList = (given: Tensor | readonly Tensor[]): given is readonly Tensor[] => Array.isArray(given);
const listOf = (given: Tensor | readonly Tensor[]): readonly Tensor[] => (isList(given) ? given : [given]);

/** Options of `grad`. */
export interface GradOptions extends BackwardOptions {
  /** Gradients of the outputs. Outputs with more than one element need one. */
  gradOutputs?: Tensor | readonly Tensor[];
  /** Return null for inputs that the output does not depend on, instead of throwing. Default false. */
  allowUnused?: boolean;
}

/**
 * Gradients of `output` with respect to `inputs`, as new tensors; no `grad` is touched. If `output` does not depend on an input,
 * that is an error, or with `allowUnused` the gradient is null.
 *
 * @example
 * const x = tensor([2], { requiresGrad: true });
 * const [dx] = grad(x.pow(3).sum(), [x], { createGraph: true });
 * dx.toArray(); // [12]
 * const [ddx] = grad(dx.sum(), [x]);
 * ddx.toArray(); // [12]
 */
export function grad(
  output: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions & { allowUnused: true },
): (Tensor | null)[];
export function grad(
  output: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options?: GradOptions,
): Tensor[];
export function grad(
  output: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions = {},
): (Tensor | null)[] {
  if (arguments.length > 3) noMore('grad', 3, arguments);
  checkOptions('grad', options, { retainGraph: FLAG, createGraph: FLAG, gradOutputs: VALUE, allowUnused: FLAG });
  const outputs = listOf(output);
  const given = options.gradOutputs === undefined ? [] : listOf(options.gradOutputs);
  const roots = outputs.map((root) => rootOf('grad', root));
  const targets = listOf(inputs).map((input, i) => {
    checkTensor('grad', `inputs[${i}]`, input);
    const { variable } = input;
    if (variable === null || !input.requiresGrad)
      refuse(AutogradError, 'grad', `input ${i} does not require grad`, { argument: 'inputs' });
    return variable;
  });
  const seeds = outputs.map((root, i) => seedFor('grad', root, given[i]));
  const wanted = new Map<Variable, Tensor | null>(targets.map((target) => [target, null]));
  try {
    run(
      roots.map((variable, i) => ({ variable, seed: seeds[i]! })),
      options,
      wanted,
    );
  } finally {
    seeds.forEach((seed, i) => {
      if (seed !== given[i]) seed.dispose();
    });
  }
  const gradients = targets.map((target) => wanted.get(target) ?? null);
  const unused = gradients.indexOf(null);
  if (unused >= 0 && options.allowUnused !== true) {
    for (const gradient of gradients) gradient?.dispose();
    refuse(
      AutogradError,
      'grad',
      `output does not depend on input ${unused}; pass { allowUnused: true } to get null for it`,
      { argument: 'inputs' },
    );
  }
  return gradients;
}

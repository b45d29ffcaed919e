/**
 * The backward pass. It walks the recorded nodes from the newest to the oldest, asks each one's rule for the gradients of
 * its inputs, undoes broadcasting in one place, and adds gradients up: in `grad` for leaves, on the way for all others.
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
    private readonly output_: Variable,
    private readonly createGraph: boolean,
    /** Whether leaves are given their gradients in `grad`. */
    private readonly deposits: boolean,
  ) {}

  input(i: number): Tensor {
    return this.unpack(this.node.savedInputs[i]!, this.node.inputs[i]!);
  }

  get output(): Tensor {
    return this.unpack(this.node.savedOutput!, this.output_);
  }

  needs(i: number): boolean {
    return this.node.inputs[i] !== null;
  }

  leaf(i: number): Variable | null {
    const variable = this.node.inputs[i]!;
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
  /** Keep the graph for another pass. Default: the value of `createGraph`. */
  retainGraph?: boolean;
  /** Record the backward pass itself, so that gradients can be differentiated again. Default false. */
  createGraph?: boolean;
}

/** Adds two gradients that are on their way. `sum` is this pass's own unless `createGraph` is set: then it may be in the graph. */
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

/** Refuses a `grad` that someone has assigned and that nothing can be added to. */
function checkAccumulated(before: Tensor, { shape }: Tensor, op = 'backward'): void {
  if (!sameShape(before.shape, shape))
    refuse(ShapeError, op, `grad of a leaf ${show(shape)} is ${show(before.shape)}; assign one of its shape, or null`, {
      got: before.shape,
      expected: shape,
    });
  if (before.dtype !== 'float32')
    refuse(DTypeError, op, `grad of a leaf is ${before.dtype}, expected float32`, { got: before.dtype });
}

/** Moves a leaf's pending gradient into its `grad`. Tensors that the user was given and no leaf needs any longer go to `left`. */
function deposit(leaf: Variable, createGraph: boolean, left: Tensor[]): void {
  const gradient = leaf.pending!;
  leaf.pending = null;
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
    emitBinaryInto('add', before, gradient, before);
    before.storage.version++;
  } else {
    inPlace('backward', before, () => add(before, gradient));
  }
  gradient.dispose();
}

/**
 * Every variable with a node behind it that leads to `roots`, in the order in which their rules must run; leaves go to
 * `leaves`. Each is held (refs) until the pass is over, or consuming one node would free the next before it has run.
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

/** Runs one node's rule and hands the gradients on. */
function propagate(variable: Variable, createGraph: boolean, deposits: boolean): void {
  const node = variable.node!;
  const g = variable.pending!;
  const scope = openScope();
  const kept: Tensor[] = [];
  try {
    const rule = rules[node.primitive as Primitive] as Rule<unknown>;
    const gradients = withGrad(createGraph, () => rule(g, new NodeContext(node, variable, createGraph, deposits)));
    // All handles are made before the first is given away: that one may be disposed at once, and others may be the same tensor.
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
      if (own === null) return;
      const input = node.inputs[i]!;
      accumulate(input, own, createGraph);
      if (input.pending !== own) kept.push(input.pending!);
    });
  } finally {
    closeScope(scope, kept);
  }
}

interface Sink {
  /** Variables whose gradient is asked for, whether leaf or not; `null`: all leaves get theirs in `grad`. */
  wanted: Map<Variable, Tensor | null> | null;
}

function run(roots: readonly Tensor[], seeds: readonly Tensor[], options: BackwardOptions, { wanted }: Sink): void {
  const { createGraph = false, retainGraph = createGraph } = options;
  const scope = openScope();
  const leaves: Variable[] = [];
  const order: Variable[] = [];
  const results: Tensor[] = [];
  try {
    collect(
      roots.map((root) => root.variable!),
      order,
      leaves,
    );
    roots.forEach((root, i) => {
      accumulate(root.variable!, anotherHandle(seeds[i]!), createGraph);
    });
    for (const variable of order) {
      if (variable.pending === null) continue;
      propagate(variable, createGraph, wanted === null);
      const gradient = variable.pending;
      variable.pending = null;
      if (wanted?.has(variable)) {
        wanted.set(variable, gradient);
        results.push(gradient);
      } else {
        gradient.dispose();
      }
      if (!retainGraph) consume(variable.node!);
    }
    for (const leaf of leaves) {
      if (leaf.pending === null) continue;
      if (wanted === null) {
        withGrad(createGraph, () => deposit(leaf, createGraph, results));
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
      // After an error nothing must be left on the way.
      variable.pending = null;
      releaseVariable(variable);
    }
  }
}

function checkRoot(op: string, root: Tensor): void {
  checkTensor(op, 'output', root);
  if (!root.requiresGrad) {
    refuse(
      AutogradError,
      op,
      `the tensor ${show(root.shape)} does not require grad: nothing that it was made from has requiresGrad set`,
    );
  }
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
  checkRoot('backward', root);
  checkOptions('backward', options, { retainGraph: FLAG, createGraph: FLAG });
  const seed = seedFor('backward', root, grad);
  try {
    run([root], [seed], options, { wanted: null });
  } finally {
    if (seed !== grad) seed.dispose();
  }
}

/** Options of `grad`. */
export interface GradOptions extends BackwardOptions {
  /** Gradients of the outputs; needed for those that have more than one element. */
  gradOutputs?: Tensor | readonly Tensor[];
  /** Give null for inputs that the output does not depend on, which are an error otherwise. Default false. */
  allowUnused?: boolean;
}

/**
 * Gradients of `output` for `inputs`, as new tensors; no `grad` is touched. An input that `output` does not depend on
 * is an error, or with `allowUnused` null.
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
  const outputs = Array.isArray(output) ? (output as readonly Tensor[]) : [output as Tensor];
  const targets = Array.isArray(inputs) ? (inputs as readonly Tensor[]) : [inputs as Tensor];
  const { gradOutputs } = options;
  const given =
    gradOutputs === undefined
      ? []
      : Array.isArray(gradOutputs)
        ? (gradOutputs as readonly Tensor[])
        : [gradOutputs as Tensor];
  for (const root of outputs) checkRoot('grad', root);
  for (const [i, input] of targets.entries()) {
    checkTensor('grad', `inputs[${i}]`, input);
    if (!input.requiresGrad) refuse(AutogradError, 'grad', `input ${i} does not require grad`, { argument: 'inputs' });
  }
  const seeds = outputs.map((root, i) => seedFor('grad', root, given[i]));
  const wanted = new Map<Variable, Tensor | null>(targets.map((input) => [input.variable!, null]));
  try {
    run(outputs, seeds, options, { wanted });
  } finally {
    seeds.forEach((seed, i) => {
      if (seed !== given[i]) seed.dispose();
    });
  }
  const gradients = targets.map((input) => wanted.get(input.variable!) ?? null);
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

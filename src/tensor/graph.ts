/**
 * The graph that backward walks. A `Variable` is what autograd knows about a tensor (its handles share it); a `Node` is the
 * operation that made one. References are counted: when the last handle and the last node that lead to a variable are gone,
 * the node behind it and everything that it saved are freed. `backward()` frees them earlier.
 */
import type { DType } from '../../bindings/executor.ts';
import type { Storage } from './storage.ts';
import type { Tensor } from './tensor.ts';

/** Memory, kept from step to step, for a leaf's gradient of which a step changes only a few rows. */
export interface GradientRows {
  readonly storage: Storage;
  /** Lets go of the memory, in which a gradient may live on. */
  dispose(): void;
}

/** Autograd's side of a tensor. */
export class Variable {
  /** The tensor handles and nodes that hold it. */
  refs = 0;
  /** The tensor handles among them: without one, nothing can ask for `grad`. */
  handles = 0;
  /** Gradient of a leaf. */
  grad: Tensor | null = null;
  /** Whether the user has been given `grad`. */
  gradExposed = false;
  /** Gradient on its way during a backward pass. */
  pending: Tensor | null = null;
  /** Memory for its gradient if steps look up only a few of its rows. */
  rows: GradientRows | null = null;
  /** The last pass that visited it. */
  pass = 0;

  constructor(
    public requiresGrad: boolean,
    public node: Node | null,
  ) {}
}

/** A value that a node keeps for its rule. */
export interface Saved {
  storage: Storage;
  offset: number;
  shape: readonly number[];
  strides: readonly number[];
  dtype: DType;
  version: number;
}

/**
 * What a tensor and its views share, because they see one another's changes in place. After a change that is part of the graph, `variable`
 * is what autograd knows about all elements of the storage, and every tensor of the history derives its own from that before its next use.
 */
export class History {
  /** The tensors that have it. */
  refs = 0;
  /** Counts such changes. */
  writes = 0;
  /** The storage's elements, flat, after the last such change. */
  variable: Variable | null = null;
  /** A tensor of the history that was made a leaf that requires grad. */
  leaf: Variable | null = null;

  constructor(
    /** Gives a tensor of the history the variable that follows from the last change. */
    readonly follow: (x: Tensor, member: Membership) => void,
  ) {}
}

/** A tensor's part in a history. */
export class Membership {
  /** The changes that are part of the tensor's own variable. */
  seen: number;

  constructor(readonly history: History) {
    this.seen = history.writes;
    history.refs++;
  }
}

/** The membership of views that were made while nothing was recorded. */
export const untracked = new Membership(new History(() => {}));

/** A tensor lets go of its history. */
export function releaseHistory(member: Membership): void {
  if (member === untracked) return;
  const { history } = member;
  if (--history.refs > 0 || history.variable === null) return;
  releaseVariable(history.variable);
  history.variable = null;
}

let nextId = 1;

/** One recorded operation. */
export class Node {
  /** Later operations have higher numbers: descending order is a topological one. */
  readonly id = nextId++;
  freed = false;
  /** The node of the other result of the same operation, which saved the same values: a backward pass through one frees both. */
  twin: Node | null = null;

  constructor(
    readonly primitive: string,
    readonly inputs: (Variable | null)[],
    readonly shapes: (readonly number[])[],
    readonly savedInputs: (Saved | null)[],
    readonly savedOutput: Saved | null,
    readonly attributes: unknown,
  ) {
    for (const input of inputs) if (input !== null) input.refs++;
  }

  get savesNothing(): boolean {
    if (this.savedOutput !== null) return false;
    for (const saved of this.savedInputs) if (saved !== null) return false;
    return true;
  }
}

/** Takes a leaf's gradient away and frees it, unless the user was given it: then its scope or the garbage collector does. */
export function takeGrad(variable: Variable): void {
  const { grad, gradExposed } = variable;
  variable.grad = null;
  variable.gradExposed = false;
  if (grad !== null) releaseGrad(grad, gradExposed);
}

/** Frees what was a leaf's gradient, unless the user was given it. */
export function releaseGrad(grad: Tensor, isExposed: boolean): void {
  if (isExposed) grad.letGo();
  else grad.dispose();
}

/** A tensor holds a variable. */
export function holdVariable(variable: Variable): void {
  variable.refs++;
  variable.handles++;
}

/** A tensor lets go of a variable. A gradient with a graph of its own may lead back to its leaf, so it is freed with the leaf's last tensor. */
export function letGoOfVariable(variable: Variable): void {
  if (--variable.handles === 0) takeGrad(variable);
  releaseVariable(variable);
}

/** Lets go of a variable; frees what only it kept alive. */
export function releaseVariable(first: Variable): void {
  const stack = [first];
  for (let variable = stack.pop(); variable !== undefined; variable = stack.pop()) {
    if (--variable.refs > 0) continue;
    if (variable.node !== null) freeNode(variable.node, stack);
    variable.rows?.dispose();
    variable.rows = null;
  }
}

function freeNode(node: Node, stack: Variable[]): void {
  if (node.freed) return;
  node.freed = true;
  for (const saved of node.savedInputs) saved?.storage.release();
  node.savedOutput?.storage.release();
  for (const input of node.inputs) if (input !== null) stack.push(input);
}

/**
 * Frees what a node saved and its links to its inputs, after its rule has run for the last time. A node that saved nothing, such as a
 * view's, stays, because paths from other nodes may lead through it.
 */
export function consume(node: Node): void {
  if (node.savesNothing) return;
  const stack: Variable[] = [];
  freeNode(node, stack);
  for (const variable of stack) releaseVariable(variable);
}

/**
 * The base of all layers and models. Fields are what a module is made of: a Parameter, Buffer or Module assigned to a
 * field belongs to it, under the field's name; nothing has to be registered. Layers have their name in a static field, because minifiers
 * rename classes.
 */
import { ArgumentError, DeviceError, refuse, ShapeError } from '../../bindings/errors.ts';
import type { Device } from '../../bindings/executor.ts';
import { isInstance, Marked } from '../copies.ts';
import { inspect } from '../inspect.ts';
import { checkTensor, compose } from '../ops/index.ts';
import { checkOptions, FLAG, listed, noMore, shown } from '../options.ts';
import { executorFor } from '../runtime/runtime.ts';
import { noGrad } from '../tape/mode.ts';
import { sameShape, show } from '../tensor/shapes.ts';
import { Storage } from '../tensor/storage.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { dropGrad } from '../tensor/tensor.ts';
import { tracing } from '../tensor/trace.ts';
import { fieldWatcher, type Kind } from './fields.ts';
import { Buffer, Parameter } from './parameter.ts';

/** Tensors by name, as PyTorch's state_dict. */
export type StateDict = Record<string, Tensor>;

/** Names in which a state dict and a module differ, as PyTorch's `load_state_dict` returns them. */
export interface IncompatibleKeys {
  /** Names that the module has and the state dict lacks. */
  missingKeys: string[];
  /** Names that the state dict has and the module lacks. */
  unexpectedKeys: string[];
}

/** Whether the value of a field belongs to the module. Modules made by another copy of saraf are refused. */
function isRegistered(value: unknown): value is Module | Parameter | Buffer {
  return value instanceof Parameter || value instanceof Buffer || isInstance(value, Module);
}

const watchField = fieldWatcher(isRegistered);

/** Modules made since `building` began, or null. */
let made: Module[] | null = null;

/** @internal Runs `fn`; if it throws, all modules that were made meanwhile are disposed, including half-built ones. */
export function building<T>(fn: () => T): T {
  const before = made;
  const mine: Module[] = [];
  made = mine;
  try {
    return fn();
  } catch (error) {
    for (const module of mine) module.dispose();
    throw error;
  } finally {
    made = before;
  }
}

/**
 * A layer or model: parameters, buffers and other modules in its fields, and `forward`.
 *
 * @example
 * class Net extends nn.Module {
 *   fc1 = new nn.Linear(784, 128);
 *   fc2 = new nn.Linear(128, 10);
 *   forward(x: Tensor) {
 *     return this.fc2.forward(this.fc1.forward(x).relu());
 *   }
 * }
 * const net = new Net();
 * net.forward(randn(8, 784)).shape; // [8, 10]
 */
export abstract class Module extends Marked {
  #training = true;

  constructor() {
    // Layers without a constructor of their own pass on all their arguments.
    if (arguments.length > 0) noMore(new.target.name, 0, arguments);
    super();
    made?.push(this);
  }

  /** @internal Makes fields refuse everything except parameters or buffers. Layers call it before they assign the fields; those of other modules are watched from the first walk over them. */
  protected watch(kind: Kind, ...names: string[]): void {
    for (const name of names) watchField(this, name, kind);
  }

  /** The fields that hold parameters, buffers or modules. */
  private *registered(): Generator<[string, Module | Parameter | Buffer]> {
    for (const [name, value] of Object.entries(this)) {
      if (!isRegistered(value)) continue;
      if (!(value instanceof Module)) watchField(this, name, value instanceof Parameter ? 'parameter' : 'buffer');
      yield [name, value];
    }
  }

  /** Whether layers such as Dropout behave as in training. Set by `train()` and `eval()`. */
  get training(): boolean {
    tracing?.dependsOn(this, () => this.#training);
    return this.#training;
  }

  /** Programs of `compile` that were recorded in the other mode wait until it comes back. */
  set training(value: boolean) {
    tracing?.dependsOn(this, () => this.#training);
    this.#training = value;
  }

  /** What the module computes from its inputs. */
  abstract forward(...inputs: never[]): unknown;

  /** Modules in the fields of this one, by field name. */
  *namedChildren(): Generator<[string, Module]> {
    if (arguments.length > 0) noMore('Module.namedChildren', 0, arguments);
    for (const [name, value] of this.registered()) if (value instanceof Module) yield [name, value];
  }

  /** The modules directly inside. */
  children(): Module[] {
    if (arguments.length > 0) noMore('Module.children', 0, arguments);
    return Array.from(this.namedChildren(), ([, module]) => module);
  }

  /** This module and all inside it, by dotted name; a shared one comes once. */
  *namedModules(prefix = '', seen = new Set<Module>()): Generator<[string, Module]> {
    if (arguments.length > 2) noMore('Module.namedModules', 2, arguments);
    if (seen.has(this)) return;
    seen.add(this);
    yield [prefix, this];
    for (const [name, child] of this.namedChildren())
      yield* child.namedModules(prefix === '' ? name : `${prefix}.${name}`, seen);
  }

  /** This module and all inside it, each once. */
  modules(): Module[] {
    if (arguments.length > 0) noMore('Module.modules', 0, arguments);
    return Array.from(this.namedModules(), ([, module]) => module);
  }

  private *named<T extends Tensor>(kind: new (...args: never[]) => T): Generator<[string, T]> {
    const seen = new Set<T>();
    for (const [prefix, module] of this.namedModules()) {
      for (const [name, value] of module.registered()) {
        if (!(value instanceof kind) || seen.has(value)) continue;
        seen.add(value);
        yield [prefix === '' ? name : `${prefix}.${name}`, value];
      }
    }
  }

  /** Parameters by dotted name; a shared one comes once. */
  namedParameters(): Generator<[string, Parameter]> {
    if (arguments.length > 0) noMore('Module.namedParameters', 0, arguments);
    return this.named(Parameter);
  }

  /** All parameters, each once. */
  parameters(): Parameter[] {
    if (arguments.length > 0) noMore('Module.parameters', 0, arguments);
    return Array.from(this.namedParameters(), ([, parameter]) => parameter);
  }

  /** Buffers by dotted name. */
  namedBuffers(): Generator<[string, Buffer]> {
    if (arguments.length > 0) noMore('Module.namedBuffers', 0, arguments);
    return this.named(Buffer);
  }

  /** All buffers, each once. */
  buffers(): Buffer[] {
    if (arguments.length > 0) noMore('Module.buffers', 0, arguments);
    return Array.from(this.namedBuffers(), ([, buffer]) => buffer);
  }

  /** Switches this module and all inside it to training, or away from it. */
  train(mode = true): this {
    if (arguments.length > 1) noMore('Module.train', 1, arguments);
    for (const module of this.modules()) module.training = mode;
    return this;
  }

  /** Switches to evaluation: no dropout, fixed statistics. */
  eval(): this {
    if (arguments.length > 0) noMore('Module.eval', 0, arguments);
    return this.train(false);
  }

  /** Freezes (false) or thaws all parameters. */
  requiresGrad_(value = true): this {
    if (arguments.length > 1) noMore('Module.requiresGrad_', 1, arguments);
    for (const parameter of this.parameters()) parameter.requiresGrad = value;
    return this;
  }

  /** Forgets all gradients. */
  zeroGrad(): void {
    if (arguments.length > 0) noMore('Module.zeroGrad', 0, arguments);
    for (const { variable } of this.parameters()) if (variable !== null) dropGrad(variable);
  }

  /** Calls `fn` with every module, the innermost first. */
  apply(fn: (module: Module) => void): this {
    if (arguments.length > 1) noMore('Module.apply', 1, arguments);
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  /** All parameters and buffers by PyTorch's names: the live tensors, not copies. A shared one is there under all its names. */
  stateDict(): StateDict {
    if (arguments.length > 0) noMore('Module.stateDict', 0, arguments);
    const state: StateDict = {};
    const collect = (module: Module, prefix: string) => {
      for (const [name, value] of module.registered()) {
        if (value instanceof Module) continue;
        state[prefix + name] = value;
      }
      for (const [name, child] of module.namedChildren()) collect(child, `${prefix}${name}.`);
    };
    collect(this, '');
    return state;
  }

  /**
   * Copies values from a state dict. Names and shapes are checked before anything is written.
   *
   * @param options strict (default true): refuse missing and unexpected names; otherwise they are ignored
   * @returns the names that were missing and unexpected
   */
  loadStateDict(state: StateDict, options: { strict?: boolean } = {}): IncompatibleKeys {
    if (arguments.length > 2) noMore('Module.loadStateDict', 2, arguments);
    const op = 'loadStateDict';
    checkOptions(op, options, { strict: FLAG });
    if (typeof state !== 'object' || state === null)
      refuse(ArgumentError, op, `state must be an object { name: tensor }, got ${shown(state)}`, {
        argument: 'state',
        got: state,
      });
    const own = this.stateDict();
    const missingKeys = Object.keys(own).filter((name) => !Object.hasOwn(state, name));
    const unexpectedKeys = Object.keys(state).filter((name) => !Object.hasOwn(own, name));
    if ((options.strict ?? true) && missingKeys.length + unexpectedKeys.length > 0) {
      refuse(ArgumentError, op, `missing [${listed(missingKeys)}], unexpected [${listed(unexpectedKeys)}]`, {
        argument: 'state',
      });
    }
    const pairs: { tensor: Tensor; given: Tensor }[] = [];
    for (const [name, tensor] of Object.entries(own)) {
      if (!Object.hasOwn(state, name)) continue;
      const given = state[name];
      checkTensor(op, name, given);
      if (!sameShape(given.shape, tensor.shape)) {
        refuse(ShapeError, op, `${name} is ${show(given.shape)}, the model's is ${show(tensor.shape)}`, {
          argument: name,
          got: given.shape,
          expected: tensor.shape,
        });
      }
      pairs.push({ tensor, given });
    }
    compose(() =>
      noGrad(() => {
        // All values are on the right device before the first tensor is written.
        const moved = pairs.map(({ tensor, given }) => ({
          tensor,
          values: given.executor === tensor.executor ? given : given.to(tensor.device),
        }));
        for (const { tensor, values } of moved) tensor.copy_(values);
      }),
    );
    return { missingKeys, unexpectedKeys };
  }

  /**
   * Moves all parameters and buffers to a device. Optimizers made before that keep working.
   *
   * @throws DeviceError from the GPU, whose values come asynchronously: `await move(model, device)`
   */
  to(device: Device): this {
    if (arguments.length > 1) noMore('Module.to', 1, arguments);
    const executor = executorFor(device);
    const tensors = Object.entries(this.stateDict()).filter(([, { storage }]) => storage.executor !== executor);
    for (const [name, { storage, device: place }] of tensors) {
      if (storage.executor.download === undefined) continue;
      refuse(
        DeviceError,
        'to',
        `${name} lives on ${place}, whose values come asynchronously: await move(model, '${device}')`,
        { argument: name, got: place, expected: device },
      );
    }
    const places = new Map<Tensor, Storage>();
    try {
      for (const [, tensor] of tensors) {
        if (places.has(tensor)) continue;
        const place = Storage.allocate(executor, tensor.numel);
        places.set(tensor, place);
        const elements = tensor.dataSync();
        executor.write(place.address, elements, tensor.dtype);
      }
    } catch (error) {
      for (const place of places.values()) place.release();
      throw error;
    }
    for (const [tensor, place] of places) {
      if (tensor.variable !== null) dropGrad(tensor.variable);
      tensor.settle(place);
    }
    return this;
  }

  /** Frees all parameters and buffers. */
  dispose(): void {
    if (arguments.length > 0) noMore('Module.dispose', 0, arguments);
    for (const tensor of Object.values(this.stateDict())) tensor.dispose();
  }

  /** For `using`: as `dispose`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** What is in parentheses after the class name when the module is printed. */
  protected describe(): string {
    return '';
  }

  /** @internal What `console.log` shows in Node. */
  [inspect](): string {
    return this.toString();
  }

  /** The module and those inside it, one per line. */
  override toString(): string {
    if (arguments.length > 0) noMore('Module.toString', 0, arguments);
    const lines = Array.from(
      this.namedChildren(),
      ([name, child]) => `  (${name}): ${String(child).replaceAll('\n', '\n  ')}`,
    );
    const head = `${this.constructor.name}(${this.describe()}`;
    return lines.length === 0 ? `${head})` : `${head}\n${lines.join('\n')}\n)`;
  }
}

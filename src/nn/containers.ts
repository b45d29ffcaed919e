/** Lists and dictionaries of modules, for models that choose among them or loop over them. */

import { ArgumentError, refuse } from '../../bindings/errors.ts';
import { isInstance } from '../copies.ts';
import { checkFinite, noMore } from '../options.ts';
import { Module } from './module.ts';

function checkModule(op: string, argument: string, value: unknown): asserts value is Module {
  if (!isInstance(value, Module)) refuse(ArgumentError, op, `${argument} is not a module`, { argument, got: value });
}

/**
 * Modules by position. It has no forward of its own: iterate over it.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ModuleList.html
 * @example
 * class Net extends nn.Module {
 *   layers = new nn.ModuleList([new nn.Linear(4, 4), new nn.Linear(4, 4)]);
 *   forward(x: Tensor) {
 *     for (const layer of this.layers) x = layer.forward(x).relu();
 *     return x;
 *   }
 * }
 * new Net().parameters().length; // 4
 */
export class ModuleList<M extends Module = Module> extends Module {
  /** @internal */ static override name = 'ModuleList';

  [index: number]: M;
  private count = 0;

  constructor(modules: Iterable<M> = []) {
    if (arguments.length > 1) noMore('ModuleList', 1, arguments);
    super();
    for (const module of modules) this.append(module);
  }

  /** How many modules there are. */
  get length(): number {
    return this.count;
  }

  /** Adds a module at the end. */
  append(module: M): this {
    if (arguments.length > 1) noMore('ModuleList.append', 1, arguments);
    checkModule('ModuleList', `modules[${this.count}]`, module);
    this[this.count++] = module;
    return this;
  }

  /** The module at a position; negative ones count from the end. */
  at(index: number): M | undefined {
    if (arguments.length > 1) noMore('ModuleList.at', 1, arguments);
    checkFinite('ModuleList.at', 'index', index);
    return this[index < 0 ? index + this.count : index];
  }

  /** The modules in order. */
  *[Symbol.iterator](): Generator<M> {
    for (let i = 0; i < this.count; i++) yield this[i]!;
  }

  /** Always throws: a list has no forward of its own. */
  override forward(): never {
    if (arguments.length > 0) noMore('ModuleList.forward', 0, arguments);
    refuse(ArgumentError, 'ModuleList', 'has no forward; call its modules');
  }
}

/**
 * Modules by name. It has no forward of its own.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html
 * @example
 * class Net extends nn.Module {
 *   heads = new nn.ModuleDict({ price: new nn.Linear(8, 1), kind: new nn.Linear(8, 5) });
 *   forward(x: Tensor) {
 *     return this.heads.get('kind').forward(x);
 *   }
 * }
 * new Net().forward(randn(2, 8)).shape; // [2, 5]
 */
export class ModuleDict<M extends Module = Module> extends Module {
  /** @internal */ static override name = 'ModuleDict';

  constructor(modules: Record<string, M> = {}) {
    if (arguments.length > 1) noMore('ModuleDict', 1, arguments);
    super();
    for (const [name, module] of Object.entries(modules)) this.set(name, module);
  }

  private get own(): Record<string, M> {
    return this as unknown as Record<string, M>;
  }

  /** Adds or replaces a module. */
  set(name: string, module: M): this {
    if (arguments.length > 2) noMore('ModuleDict.set', 2, arguments);
    checkModule('ModuleDict', name, module);
    if (name.includes('.') || name === '' || (name in this && !this.has(name))) {
      refuse(ArgumentError, 'ModuleDict', `${JSON.stringify(name)} cannot be a name`, { argument: 'name', got: name });
    }
    this.own[name] = module;
    return this;
  }

  /** Whether there is a module of that name. */
  has(name: string): boolean {
    if (arguments.length > 1) noMore('ModuleDict.has', 1, arguments);
    return Object.hasOwn(this, name) && this.own[name] instanceof Module;
  }

  /** The module of that name. */
  get(name: string): M {
    if (arguments.length > 1) noMore('ModuleDict.get', 1, arguments);
    const module = this.has(name) ? this.own[name] : undefined;
    if (module === undefined) {
      refuse(ArgumentError, 'ModuleDict', `no module ${name} (there are ${this.keys().join(', ')})`, {
        argument: 'name',
        got: name,
      });
    }
    return module;
  }

  /** The names, in order. */
  keys(): string[] {
    if (arguments.length > 0) noMore('ModuleDict.keys', 0, arguments);
    return Array.from(this.namedChildren(), ([name]) => name);
  }

  /** Always throws: a dictionary has no forward of its own. */
  override forward(): never {
    if (arguments.length > 0) noMore('ModuleDict.forward', 0, arguments);
    refuse(ArgumentError, 'ModuleDict', 'has no forward; call its modules');
  }
}

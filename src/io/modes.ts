/**
 * The parts of a model that are neither architecture nor weights: which modules are in evaluation mode, which parameters are frozen,
 * and which names share one tensor. (Shared modules belong to the architecture.)
 */
import { FormatError, refuse } from '../../bindings/errors.ts';
import type { Module } from '../nn/module.ts';
import { Buffer, Parameter } from '../nn/parameter.ts';
import { sameShape } from '../tensor/shapes.ts';

/** By dotted names, as in `namedModules` and `namedParameters`. */
export interface Modes {
  /** Modules in evaluation mode. */
  evaluating: string[];
  /** Parameters that do not require grad. */
  frozen: string[];
  /** Further names of tensors, each with the first name of its tensor. */
  tied: [name: string, first: string][];
}

/** A field that holds a tensor. */
interface Place {
  module: Module;
  field: string;
  tensor: Parameter | Buffer;
}

/** All fields that hold parameters or buffers, by dotted name. */
function placesIn(model: Module): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const [prefix, module] of model.namedModules())
    for (const [field, tensor] of Object.entries(module))
      if (tensor instanceof Parameter || tensor instanceof Buffer)
        places.set(prefix === '' ? field : `${prefix}.${field}`, { module, field, tensor });
  return places;
}

export function modesOf(model: Module): Modes {
  const modules = [...model.namedModules()];
  const parameters = [...model.namedParameters()];
  const first = new Map<Parameter | Buffer, string>();
  const tied: Modes['tied'] = [];
  for (const [name, { tensor }] of placesIn(model)) {
    const before = first.get(tensor);
    if (before === undefined) first.set(tensor, name);
    else tied.push([name, before]);
  }
  return {
    evaluating: modules.filter(([, { training }]) => !training).map(([name]) => name),
    frozen: parameters.filter(([, { requiresGrad }]) => !requiresGrad).map(([name]) => name),
    tied,
  };
}

function damaged(): never {
  refuse(FormatError, 'loadModel', 'the description names parts of another model', { argument: 'bytes' });
}

/** The names of a list, all of which must be known. */
function namesIn(given: unknown, known: ReadonlySet<string>): Set<string> {
  if (!Array.isArray(given) || !given.every((name) => known.has(name))) damaged();
  return new Set(given);
}

/** Makes those names share one tensor again. */
function tie(model: Module, tied: unknown): void {
  const places = placesIn(model);
  if (!Array.isArray(tied)) damaged();
  for (const pair of tied) {
    const [one, first] = Array.isArray(pair) ? pair.map((name) => places.get(name)) : [];
    if (one === undefined || first === undefined || one.tensor.constructor !== first.tensor.constructor) damaged();
    if (!sameShape(one.tensor.shape, first.tensor.shape)) damaged();
    if (one.tensor === first.tensor) continue;
    Object.assign(one.module, { [one.field]: first.tensor });
    one.tensor.dispose();
    one.tensor = first.tensor;
  }
}

/** Gives a new model the modes of the one that was saved; older files lack them. */
export function restoreModes(model: Module, { evaluating, frozen, tied }: Partial<Modes>): void {
  if (tied !== undefined) tie(model, tied);
  if (evaluating !== undefined) {
    const modules = new Map(model.namedModules());
    const names = namesIn(evaluating, new Set(modules.keys()));
    for (const [name, module] of modules) module.training = !names.has(name);
  }
  if (frozen !== undefined) {
    const parameters = new Map(model.namedParameters());
    const names = namesIn(frozen, new Set(parameters.keys()));
    for (const [name, parameter] of parameters) parameter.requiresGrad = !names.has(name);
  }
}

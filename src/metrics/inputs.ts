/**
 * What metrics take: lists of labels (numbers, texts, booleans) and arrays of numbers, as arrays, typed arrays or tensors.
 * Here they become plain lists; where something does not fit, an error names the metric and the argument.
 */
import { ArgumentError, ShapeError } from '../../bindings/errors.ts';
import { isFloat32Array, isList } from '../../bindings/realm.ts';
import type { NumberArray } from '../ops/index.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';

/** A class: a number, a text, or a boolean (which counts as 0 or 1). */
export type Label = number | string;

/** One label for each example: [N] or [N, 1]. */
export type Labels = readonly (Label | boolean)[] | readonly (Label | boolean)[][] | NumberArray | Tensor;

/** Numbers: one for each example [N], or a row for each [N, C]. */
export type Numbers = readonly number[] | readonly ArrayLike<number>[] | NumberArray | Tensor;

/** Numbers in rows. */
export interface Table {
  rows: number;
  cols: number;
  values: Float64Array;
  /** Whether they came as [N], not as [N, C]. */
  flat: boolean;
  /** Smallest relative step of the numbers that came: that of float32 or of float64. */
  eps: number;
}

/** 2⁻²³ and 2⁻⁵²: distance from 1 to the next number. */
const FLOAT32_EPS = 2 ** -23;
const FLOAT64_EPS = 2 ** -52;

function refuse(op: string, argument: string, expected: string, got: unknown): never {
  throw new ArgumentError(`${op}: ${argument} must be ${expected}`, { op, argument, got, expected });
}

/** One label for each example. */
export function labelsOf(op: string, argument: string, x: Labels): Label[] {
  const list: unknown = isTensor(x) ? columnOf(op, argument, x) : x;
  if (!isList(list)) return refuse(op, argument, 'a list of labels, a typed array or a tensor', x);
  return Array.from(list, (given, i) => {
    const label = isList(given) && given.length === 1 ? given[0] : given;
    if (typeof label === 'boolean') return Number(label);
    if (typeof label === 'string' || (typeof label === 'number' && Number.isFinite(label))) return label;
    return refuse(op, `${argument}[${i}]`, `a number, a text or a boolean, got ${String(label)}`, label);
  });
}

function columnOf(op: string, argument: string, x: Tensor): ArrayLike<number> {
  if (x.ndim === 1 || (x.ndim === 2 && x.shape[1] === 1)) return x.dataSync();
  throw new ShapeError(`${op}: ${argument} must be [N] or [N,1], got [${x.shape.join(',')}]`, {
    op,
    argument,
    got: x.shape,
  });
}

/** Numbers [N] or [N, C]; all must be finite. */
export function tableOf(op: string, argument: string, x: Numbers): Table {
  const table = isTensor(x) ? tensorTable(op, argument, x) : listTable(op, argument, x);
  table.values.forEach((value, i) => {
    if (!Number.isFinite(value)) refuse(op, argument, `made of finite numbers, element ${i} is ${value}`, value);
  });
  return table;
}

function tensorTable(op: string, argument: string, x: Tensor): Table {
  if (x.ndim < 1 || x.ndim > 2) {
    throw new ShapeError(`${op}: ${argument} must be [N] or [N,C], got [${x.shape.join(',')}]`, {
      op,
      argument,
      got: x.shape,
    });
  }
  return {
    rows: x.shape[0]!,
    cols: x.shape[1] ?? 1,
    values: Float64Array.from(x.dataSync()),
    flat: x.ndim === 1,
    eps: FLOAT32_EPS,
  };
}

function listTable(op: string, argument: string, x: unknown): Table {
  if (!isList(x)) return refuse(op, argument, 'a list of numbers, a typed array or a tensor', x);
  const flat = !isList(x[0]);
  const cols = flat ? 1 : (x[0] as ArrayLike<unknown>).length;
  const values = new Float64Array(x.length * cols);
  for (let i = 0; i < x.length; i++) {
    const row = flat ? [x[i]] : x[i];
    if (!isList(row) || row.length !== cols) {
      throw new ShapeError(`${op}: ${argument} must have rows of equal length, row ${i} differs from row 0`, {
        op,
        argument,
      });
    }
    for (let j = 0; j < cols; j++) {
      const value = row[j];
      if (typeof value !== 'number' && typeof value !== 'boolean')
        refuse(op, argument, `made of numbers, got ${typeof value}`, value);
      values[i * cols + j] = Number(value);
    }
  }
  return { rows: x.length, cols, values, flat, eps: isFloat32Array(x) ? FLOAT32_EPS : FLOAT64_EPS };
}

/** Refuses lists of different lengths, and empty ones. */
export function checkLengths(op: string, a: number, b: number): void {
  if (a !== b) {
    throw new ShapeError(`${op}: yTrue has ${a} examples, the other argument ${b}`, { op, got: b, expected: a });
  }
  if (a === 0) throw new ArgumentError(`${op}: there are no examples`, { op, got: 0 });
}

/** Numbers by value, texts by code units. */
function compareLabels(a: Label, b: Label): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The different labels, in order. Numbers and texts cannot be mixed. */
export function uniqueLabels(op: string, ...lists: readonly Label[][]): Label[] {
  const all = new Set<Label>();
  for (const list of lists) for (const label of list) all.add(label);
  const unique = [...all];
  if (new Set(unique.map((label) => typeof label)).size > 1) {
    throw new ArgumentError(`${op}: labels are numbers in one place and texts in another`, { op, got: unique });
  }
  return unique.sort(compareLabels);
}

/** How texts name labels in errors. */
export function showLabels(labels: readonly Label[]): string {
  return `[${labels.map((label) => JSON.stringify(label)).join(', ')}]`;
}

/** Refuses a positive class that does not occur. */
export function checkPositive(op: string, posLabel: Label, present: readonly Label[]): void {
  if (present.includes(posLabel)) return;
  throw new ArgumentError(`${op}: posLabel ${JSON.stringify(posLabel)} is none of ${showLabels(present)}`, {
    op,
    argument: 'posLabel',
    got: posLabel,
    expected: present,
  });
}

/** Which of the classes is the positive one: `posLabel`, or 1 where the labels are 0/1, −1/1 or only one of these. */
export function positiveLabel(op: string, labels: readonly Label[], posLabel: Label | undefined): Label {
  if (posLabel !== undefined) return posLabel;
  const usual = [[0, 1], [-1, 1], [0], [-1], [1]];
  if (!usual.some((set) => set.length === labels.length && set.every((label, i) => label === labels[i]))) {
    throw new ArgumentError(`${op}: the labels are ${showLabels(labels)}: name the positive one by posLabel`, {
      op,
      argument: 'posLabel',
      got: labels,
    });
  }
  return 1;
}

/** Refuses a choice that is not among the known ones. */
export function checkChoice<T>(op: string, argument: string, value: T, known: readonly T[]): void {
  if (!known.includes(value)) {
    throw new ArgumentError(`${op}: ${argument} must be one of ${known.map(String).join(', ')}, got ${String(value)}`, {
      op,
      argument,
      got: value,
      expected: known,
    });
  }
}

/** The column of a table. */
export function column({ rows, cols, values }: Table, j: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => values[i * cols + j]!);
}

/** The classes that the columns of scores stand for: `labels`, or those in yTrue. */
export function classesOf(op: string, yTrue: readonly Label[], labels: Labels | undefined, cols: number): Label[] {
  if (labels === undefined) {
    const classes = uniqueLabels(op, [...yTrue]);
    if (classes.length !== cols) {
      throw new ShapeError(
        `${op}: yTrue has ${classes.length} classes, the scores ${cols} columns; give all classes by labels`,
        { op, argument: 'labels', got: cols, expected: classes.length },
      );
    }
    return classes;
  }
  const given = labelsOf(op, 'labels', labels);
  const classes = uniqueLabels(op, given);
  if (classes.length !== given.length || !classes.every((label, i) => label === given[i])) {
    throw new ArgumentError(`${op}: labels must be different and in order, got ${showLabels(given)}`, {
      op,
      argument: 'labels',
      got: given,
    });
  }
  if (classes.length !== cols) {
    throw new ShapeError(`${op}: labels names ${classes.length} classes, the scores have ${cols} columns`, {
      op,
      argument: 'labels',
      got: classes.length,
      expected: cols,
    });
  }
  const unknown = yTrue.find((label) => !classes.includes(label));
  if (unknown !== undefined) {
    throw new ArgumentError(`${op}: yTrue contains ${JSON.stringify(unknown)}, which is not among labels`, {
      op,
      argument: 'labels',
      got: unknown,
    });
  }
  return classes;
}

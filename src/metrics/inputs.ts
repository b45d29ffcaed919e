/**
 * What metrics take: lists of labels (numbers, strings, booleans) and arrays of numbers, as arrays, typed arrays or tensors.
 * Here they become plain lists; if something does not fit, an error names the metric and the argument.
 */
import { ArgumentError, refuse, ShapeError } from '../../bindings/errors.ts';
import { isFloat32Array, isList } from '../../bindings/realm.ts';
import type { NumberArray } from '../ops/index.ts';
import { isTensor, type Tensor } from '../tensor/tensor.ts';

/** A class: a number or a string; a boolean counts as 0 or 1. */
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
  /** Smallest relative step of the given numbers: that of float32 or of float64. */
  eps: number;
}

/** 2⁻²³ and 2⁻⁵²: distance from 1 to the next number. */
const FLOAT32_EPS = 2 ** -23;
const FLOAT64_EPS = 2 ** -52;

/** One label for each example. */
export function labelsOf(op: string, argument: string, x: Labels): Label[] {
  const list: unknown = isTensor(x) ? columnOf(op, argument, x) : x;
  if (!isList(list))
    return refuse(ArgumentError, op, `${argument} must be a list of labels, a typed array or a tensor`, {
      argument,
      got: x,
      expected: 'a list of labels, a typed array or a tensor',
    });
  return Array.from(list, (given, i) => {
    const label = isList(given) && given.length === 1 ? given[0] : given;
    if (typeof label === 'boolean') return Number(label);
    if (typeof label === 'string' || (typeof label === 'number' && Number.isFinite(label))) return label;
    return refuse(
      ArgumentError,
      op,
      `${argument}[${i}] must be a number, a string or a boolean, got ${String(label)}`,
      {
        argument: `${argument}[${i}]`,
        got: label,
        expected: 'a number, a string or a boolean',
      },
    );
  });
}

function columnOf(op: string, argument: string, x: Tensor): ArrayLike<number> {
  if (x.ndim === 1 || (x.ndim === 2 && x.shape[1] === 1)) return x.dataSync();
  refuse(ShapeError, op, `${argument} must be [N] or [N,1], got [${x.shape.join(',')}]`, { argument, got: x.shape });
}

/** Numbers [N] or [N, C]; all must be finite. */
export function tableOf(op: string, argument: string, x: Numbers): Table {
  const table = isTensor(x) ? tensorTable(op, argument, x) : listTable(op, argument, x);
  table.values.forEach((value, i) => {
    if (!Number.isFinite(value))
      refuse(ArgumentError, op, `${argument} must be made of finite numbers, element ${i} is ${value}`, {
        argument,
        got: value,
        expected: 'finite numbers',
      });
  });
  return table;
}

function tensorTable(op: string, argument: string, x: Tensor): Table {
  if (x.ndim < 1 || x.ndim > 2) {
    refuse(ShapeError, op, `${argument} must be [N] or [N,C], got [${x.shape.join(',')}]`, { argument, got: x.shape });
  }
  const [rows = 0, cols = 1] = x.shape;
  return {
    rows,
    cols,
    values: Float64Array.from(x.dataSync()),
    flat: x.ndim === 1,
    eps: FLOAT32_EPS,
  };
}

function listTable(op: string, argument: string, x: unknown): Table {
  if (!isList(x))
    return refuse(ArgumentError, op, `${argument} must be a list of numbers, a typed array or a tensor`, {
      argument,
      got: x,
      expected: 'a list of numbers, a typed array or a tensor',
    });
  const first = x[0];
  const flat = !isList(first);
  const cols = flat ? 1 : first.length;
  const values = new Float64Array(x.length * cols);
  for (let i = 0; i < x.length; i++) {
    const row = flat ? [x[i]] : x[i];
    if (!isList(row) || row.length !== cols) {
      refuse(ShapeError, op, `${argument} must have rows of equal length, row ${i} differs from row 0`, { argument });
    }
    for (let j = 0; j < cols; j++) {
      const value = row[j];
      if (typeof value !== 'number' && typeof value !== 'boolean')
        refuse(ArgumentError, op, `${argument} must be made of numbers, got ${typeof value}`, {
          argument,
          got: value,
          expected: 'numbers',
        });
      values[i * cols + j] = Number(value);
    }
  }
  return { rows: x.length, cols, values, flat, eps: isFloat32Array(x) ? FLOAT32_EPS : FLOAT64_EPS };
}

/** Refuses lists of different lengths, and empty ones. */
export function checkLengths(op: string, a: number, b: number): void {
  if (a !== b) {
    refuse(ShapeError, op, `yTrue has ${a} examples, the other argument ${b}`, { got: b, expected: a });
  }
  if (a === 0) refuse(ArgumentError, op, 'there are no examples', { got: 0 });
}

/** Numbers by value, strings by code units. */
function compareLabels(a: Label, b: Label): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The distinct labels, in order. Numbers and strings cannot be mixed. */
export function uniqueLabels(op: string, ...lists: readonly Label[][]): Label[] {
  const all = new Set<Label>();
  for (const list of lists) for (const label of list) all.add(label);
  const unique = [...all];
  if (new Set(unique.map((label) => typeof label)).size > 1) {
    refuse(ArgumentError, op, 'labels must be all numbers or all strings', { got: unique });
  }
  return unique.sort(compareLabels);
}

/** How errors show labels. */
export function showLabels(labels: readonly Label[]): string {
  return `[${labels.map((label) => JSON.stringify(label)).join(', ')}]`;
}

/** Refuses a positive class that does not occur. */
export function checkPositive(op: string, posLabel: Label, present: readonly Label[]): void {
  if (present.includes(posLabel)) return;
  refuse(ArgumentError, op, `posLabel ${JSON.stringify(posLabel)} is not one of ${showLabels(present)}`, {
    argument: 'posLabel',
    got: posLabel,
    expected: present,
  });
}

/** Which of the classes is the positive one: `posLabel`, or 1 if the labels are 0/1, −1/1 or only one of these. */
export function positiveLabel(op: string, labels: readonly Label[], posLabel: Label | undefined): Label {
  if (posLabel !== undefined) return posLabel;
  const usual = [[0, 1], [-1, 1], [0], [-1], [1]];
  if (!usual.some((set) => set.length === labels.length && set.every((label, i) => label === labels[i]))) {
    refuse(ArgumentError, op, `the labels are ${showLabels(labels)}: give the positive one as posLabel`, {
      argument: 'posLabel',
      got: labels,
    });
  }
  return 1;
}

/** The column of a table. */
export function column({ rows, cols, values }: Table, j: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, i) => values[i * cols + j]!);
}

/** The classes of the columns of scores: `labels`, or those in yTrue. */
export function classesOf(op: string, yTrue: readonly Label[], labels: Labels | undefined, cols: number): Label[] {
  if (labels === undefined) {
    const classes = uniqueLabels(op, [...yTrue]);
    if (classes.length !== cols) {
      refuse(
        ShapeError,
        op,
        `yTrue has ${classes.length} classes, the scores have ${cols} columns; give all classes as labels`,
        { argument: 'labels', got: cols, expected: classes.length },
      );
    }
    return classes;
  }
  const given = labelsOf(op, 'labels', labels);
  const classes = uniqueLabels(op, given);
  if (classes.length !== given.length || !classes.every((label, i) => label === given[i])) {
    refuse(ArgumentError, op, `labels must be distinct and in order, got ${showLabels(given)}`, {
      argument: 'labels',
      got: given,
    });
  }
  if (classes.length !== cols) {
    refuse(ShapeError, op, `labels names ${classes.length} classes, the scores have ${cols} columns`, {
      argument: 'labels',
      got: classes.length,
      expected: cols,
    });
  }
  const unknown = yTrue.find((label) => !classes.includes(label));
  if (unknown !== undefined) {
    refuse(ArgumentError, op, `yTrue contains ${JSON.stringify(unknown)}, which is not among labels`, {
      argument: 'labels',
      got: unknown,
    });
  }
  return classes;
}

/**
 * Walks operands that share a shape and have strides of their own. Dimensions that can be one are made one, so that a
 * kernel sees few long rows: contiguous operands are a single row. Knows addresses and strides, not what is stored there.
 */

export interface Walk {
  /** Row-major, at least one dimension; 0 elements leave a shape of [0]. */
  shape: number[];
  /** One list of strides an operand, as long as `shape`. */
  strides: number[][];
}

/** The `ndim` first words of a field of kind `dims`. */
export function dims(words: Int32Array, at: number, ndim: number): number[] {
  const sizes: number[] = [];
  for (let i = at; i < at + ndim; i++) sizes.push(words[i]!);
  return sizes;
}

/** Strides of a contiguous tensor. */
export function rowMajor(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let size = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = size;
    size *= shape[d]!;
  }
  return strides;
}

/** Drops dimensions of size 1 and joins neighbours that every operand steps through evenly. */
export function collapse(shape: readonly number[], strides: readonly (readonly number[])[]): Walk {
  if (shape.includes(0)) return { shape: [0], strides: strides.map(() => [0]) };
  const walk: Walk = { shape: [], strides: strides.map(() => []) };
  for (let d = 0; d < shape.length; d++) {
    const size = shape[d]!;
    if (size === 1) continue;
    const last = walk.shape.length - 1;
    const joins = last >= 0 && strides.every((s, o) => walk.strides[o]![last] === s[d]! * size);
    const to = joins ? last : last + 1;
    walk.shape[to] = joins ? walk.shape[to]! * size : size;
    for (let o = 0; o < strides.length; o++) walk.strides[o]![to] = strides[o]![d]!;
  }
  if (walk.shape.length === 0) return { shape: [1], strides: strides.map(() => [0]) };
  return walk;
}

/** The size and each operand's step of the innermost dimension. */
export function innermost({ shape, strides }: Walk): { size: number; steps: number[] } {
  const last = shape.length - 1;
  return { size: shape[last]!, steps: strides.map((s) => s[last]!) };
}

/** Calls `row` with the operands' addresses at the start of every innermost row. The array is reused. */
export function eachRow({ shape, strides }: Walk, start: readonly number[], row: (at: number[]) => void): void {
  const at = start.slice();
  const last = shape.length - 1;
  const visit = (d: number): void => {
    if (d === last) {
      row(at);
      return;
    }
    const size = shape[d]!;
    for (let r = 0; r < size; r++) {
      visit(d + 1);
      for (let o = 0; o < at.length; o++) at[o]! += strides[o]![d]!;
    }
    for (let o = 0; o < at.length; o++) at[o]! -= size * strides[o]![d]!;
  };
  visit(0);
}

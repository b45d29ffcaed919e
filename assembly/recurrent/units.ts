/** Loads and stores of a row's units: four of them, or the few at its end. Nothing outside the row is touched. */
import { loadTail, storeTail } from '../reduce/lanes';
import { all } from '../simd/bits';

/** How much of a vector is there: all of it, or the `left` bytes at a row's end. */
export class Whole {}
export class Part {}

// @ts-ignore: decorator
@inline
export function get<W>(p: usize, left: usize): v128 {
  return idof<W>() == idof<Part>() ? loadTail(p, left, all(0)) : v128.load(p);
}

// @ts-ignore: decorator
@inline
export function put<W>(p: usize, left: usize, v: v128): void {
  if (idof<W>() == idof<Part>()) storeTail(p, left, v);
  else v128.store(p, v);
}

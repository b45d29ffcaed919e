/** Commands that consist of others. The kinds of fields are explained in table.ts. */
import type { CommandRows } from './kinds.ts';

export const partsCommands = {
  /**
   * A strip: element-by-element commands run one block of STRIP_BLOCK elements after the other, so that what passes from one to
   * the next stays in the cache. The commands follow these fields, inside this command (its length covers them): `count` of them,
   * `unary` or `binary` with one dimension of stride 1 or a scalar, all of n elements. An operand address from 1 to
   * STRIP_LOCALS is a local block of the strip itself, written before it is read; two commands that touch the same memory
   * do so at the same address.
   */
  strip: { n: 'u32', count: 'u32', scratch: 'scratch' },
  /**
   * A group: `count` commands that follow this field, inside this command (its length covers them), independent of each
   * other, and none of them with a scratch block: the updates of an optimizer's step. Threads share each of them.
   */
  group: { count: 'u32' },
} as const satisfies CommandRows;

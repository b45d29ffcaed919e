/**
 * Fields of commands, by the names that the command table gives them. Layouts are read from the table once, when a kernel's module is
 * loaded. A field that the table does not have does not compile. Knows no opcode of its own and never touches a heap.
 */
import { type commands, layout, type Opcode } from './table.ts';

/** Word offset of every field of an opcode, counted from the command's first word. */
export type Fields<O extends Opcode> = Readonly<Record<keyof (typeof commands)[O] & string, number>>;

export function fieldsOf<O extends Opcode>(opcode: O): Fields<O> {
  return Object.fromEntries(layout(opcode).fields.map(({ name, offset }) => [name, offset])) as Fields<O>;
}

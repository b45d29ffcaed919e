/**
 * Fields of commands, by the names that the command table gives them. Layouts are read from the table once, when a kernel's module is
 * loaded. A field that the table does not have does not compile. Knows no opcode of its own and never touches a heap.
 */
import { dims } from './strided.ts';
import { type commands, layout, type Opcode } from './table.ts';

/** Word offset of every field of an opcode, counted from the command's first word. */
export type Fields<O extends Opcode> = Readonly<Record<keyof (typeof commands)[O] & string, number>>;

export function fieldsOf<O extends Opcode>(opcode: O): Fields<O> {
  return Object.fromEntries(layout(opcode).fields.map(({ name, offset }) => [name, offset])) as Fields<O>;
}

/** What a command's fields hold; those of kind `dims` have as many numbers as the command has dimensions. */
type FieldValues<O extends Opcode> = {
  readonly [F in keyof (typeof commands)[O]]: (typeof commands)[O][F] extends 'dims' ? number[] : number;
};

/** Gives the command at words[at …] as an object. Fields of kind `f32` are read from `floats`, the same memory; without it, as bits. */
export type Reader<O extends Opcode> = (words: Int32Array, at: number, floats?: ArrayLike<number>) => FieldValues<O>;

export function readerOf<O extends Opcode>(opcode: O): Reader<O> {
  const { fields } = layout(opcode);
  const ndim = fields.find(({ name }) => name === 'ndim')?.offset ?? 0;
  // A class of its own for each opcode: engines then know which getters a kernel calls.
  class Command {
    constructor(
      readonly words: Int32Array,
      readonly at: number,
      readonly floats: ArrayLike<number>,
    ) {}
  }
  for (const { name, kind, offset } of fields) {
    const get =
      kind === 'dims'
        ? function (this: Command) {
            return dims(this.words, this.at + offset, this.words[this.at + ndim]!);
          }
        : kind === 'f32'
          ? function (this: Command) {
              return this.floats[this.at + offset]!;
            }
          : function (this: Command) {
              return this.words[this.at + offset]!;
            };
    Object.defineProperty(Command.prototype, name, { get });
  }
  return (words, at, floats = words) => new Command(words, at, floats) as unknown as FieldValues<O>;
}

/** Recorded commands as objects that passes can read and change: an opcode, its words, and which words are operands. */
import { bitsToFloat } from '../../bindings/commands/program.ts';
import { layout, type Opcode, opcodes } from '../../bindings/commands/table.ts';

/** How a command uses an operand. */
type Role = 'in' | 'out' | 'inout';

export interface Operand {
  name: string;
  role: Role;
  /** Word of the command that holds its address. */
  at: number;
}

interface Shape {
  operands: Operand[];
  fields: Map<string, number>;
}

const isRole = (kind: string): kind is Role => kind === 'in' || kind === 'out' || kind === 'inout';

const shapes = opcodes.map((opcode): Shape => {
  const { fields } = layout(opcode);
  return {
    operands: fields.flatMap(({ name, kind, offset }) => (isRole(kind) ? [{ name, role: kind, at: offset }] : [])),
    fields: new Map(fields.map(({ name, offset }) => [name, offset])),
  };
});

/** One recorded command. */
export class Command {
  readonly opcode: Opcode;
  private readonly shape: Shape;

  constructor(readonly words: Int32Array) {
    this.opcode = opcodes[words[0]!]!;
    this.shape = shapes[words[0]!]!;
  }

  /** Operands that are there: an address of 0 means absent. */
  get operands(): Operand[] {
    return this.shape.operands.filter(({ at }) => this.words[at] !== 0);
  }

  /** Element index of an operand, virtual ones included. */
  address(operand: Operand): number {
    return this.words[operand.at]! >>> 0;
  }

  /** Word of the command at which a field starts. */
  offset(name: string): number {
    const at = this.shape.fields.get(name);
    if (at === undefined) throw new RangeError(`${this.opcode} has no field ${name}`);
    return at;
  }

  /** A field's word. */
  get(name: string): number {
    return this.words[this.offset(name)]!;
  }

  /** A field's word as a float. */
  getFloat(name: string): number {
    return bitsToFloat(this.get(name));
  }

  set(name: string, word: number): void {
    this.words[this.offset(name)] = word;
  }

  /** First stride of an operand of `binary`. */
  firstStride(operand: 'a' | 'b'): number {
    return this.get(`${operand}Strides`);
  }
}

/** The commands in a block of words. */
export function parse(words: Int32Array, length: number): Command[] {
  const list: Command[] = [];
  for (let at = 0; at < length; at += words[at + 1]!) list.push(new Command(words.slice(at, at + words[at + 1]!)));
  return list;
}

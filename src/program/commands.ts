/** Recorded commands as objects that passes can read and change: an opcode, its words, and which words are operands. */

import { STRIP_LOCALS } from '../../bindings/commands/limits.ts';
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

export const writes = ({ role }: Operand): boolean => role !== 'in';
export const reads = ({ role }: Operand): boolean => role !== 'out';

/** What the commands of one opcode have in common. */
interface Shape {
  opcode: Opcode;
  operands: readonly Operand[];
  /** Offsets of the fields, by their names. */
  fields: ReadonlyMap<string, number>;
}

const isRole = (kind: string): kind is Role => kind === 'in' || kind === 'out' || kind === 'inout';

const shapes: Shape[] = [];

/** The shape of an opcode's commands, made at the first of them. */
function shapeOf(code = -1): Shape {
  let shape = shapes[code];
  if (shape === undefined) {
    const opcode = opcodes[code];
    if (opcode === undefined) throw new RangeError(`${code} is not an opcode`);
    const { fields } = layout(opcode);
    shape = {
      opcode,
      operands: fields.flatMap(({ name, kind, offset }) => (isRole(kind) ? [{ name, role: kind, at: offset }] : [])),
      fields: new Map(fields.map(({ name, offset }) => [name, offset])),
    };
    shapes[code] = shape;
  }
  return shape;
}

/** The commands that contain others: words before the first of those. */
const containers: Partial<Record<Opcode, number>> = { strip: layout('strip').words, group: layout('group').words };

/** One recorded command. */
export class Command {
  readonly opcode: Opcode;
  private readonly shape: Shape;
  /** The operands that are there, once they have been asked for. */
  private present: readonly Operand[] | null = null;

  constructor(readonly words: Int32Array) {
    this.shape = shapeOf(words[0]);
    this.opcode = this.shape.opcode;
  }

  /**
   * The operands that are there: an address of 0 means absent. A strip or group has those of its commands, without a strip's
   * own local blocks.
   */
  get operands(): readonly Operand[] {
    this.present ??= this.findOperands();
    return this.present;
  }

  private findOperands(): readonly Operand[] {
    const header = containers[this.opcode];
    if (header === undefined) return this.shape.operands.filter(({ at }) => this.words[at] !== 0);
    const least = this.opcode === 'strip' ? STRIP_LOCALS : 0;
    let start = header;
    return this.parts.flatMap((part) => {
      const operands = part.operands.map((operand) => ({ ...operand, at: start + operand.at }));
      start += part.words.length;
      return operands.filter(({ at }) => this.words[at]! >>> 0 > least);
    });
  }

  /** The commands of a strip or group. */
  get parts(): Command[] {
    const header = containers[this.opcode];
    return header === undefined ? [] : parse(this.words.subarray(header), this.words.length - header);
  }

  /** An operand's address, in elements, which may be virtual. */
  address({ at }: Operand): number {
    return this.words[at]! >>> 0;
  }

  /** The address in a field. */
  addressIn(name: string): number {
    return this.get(name) >>> 0;
  }

  /** Has an operand somewhere else. */
  relocate(operand: Operand, address: number): void {
    this.words[operand.at] = address;
    this.present = null;
  }

  has(name: string): boolean {
    return this.shape.fields.has(name);
  }

  /** The word at which a field starts. */
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
    this.present = null;
  }

  /** First stride of an operand of `binary`. */
  firstStride(operand: 'a' | 'b'): number {
    return this.get(`${operand}Strides`);
  }
}

/** A strip of these commands, all of n elements. */
export function stripOf(parts: readonly Command[], n: number, scratch: number): Command {
  const header = layout('strip').words;
  const words = new Int32Array(header + parts.reduce((sum, part) => sum + part.words.length, 0));
  let at = header;
  for (const part of parts) {
    words.set(part.words, at);
    at += part.words.length;
  }
  words[0] = opcodes.indexOf('strip');
  words[1] = words.length;
  const strip = new Command(words);
  strip.set('n', n);
  strip.set('count', parts.length);
  strip.set('scratch', scratch);
  return strip;
}

/** The commands in a block of words. */
export function parse(words: Int32Array, length: number): Command[] {
  const list: Command[] = [];
  for (let at = 0; at < length; at += words[at + 1]!) list.push(new Command(words.slice(at, at + words[at + 1]!)));
  return list;
}

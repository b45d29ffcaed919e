/**
 * Makes the plain variant out of the relaxed one: each fused multiply-add becomes a multiplication and an addition,
 *
 *     f32x4.relaxed_madd   →   local.set t, f32x4.mul, local.get t, f32x4.add
 *
 * with one more local `t` per function. Engines see the same graph as for code compiled without fused multiply-adds. Because both forms
 * can be recognised by their bytes, only one module is shipped, and assembly/unpack/fuse.ts converts it to the other variant at the start.
 */
import binaryen from 'assemblyscript/binaryen';

/** Instructions on f32x4. */
const MUL = [0xfd, 0xe6, 0x01];
const ADD = [0xfd, 0xe4, 0x01];
const MADD = [0xfd, 0x85, 0x02];
const V128 = 0x7b;
const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const Section = { type: 1, function: 3, export: 7, code: 10 } as const;

/** Reads numbers and bytes one after the other. */
class Reader {
  constructor(
    readonly bytes: Uint8Array,
    public at = 0,
  ) {}

  /** An unsigned LEB128 number. */
  leb(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  byte(): number {
    return this.take(1)[0] ?? 0;
  }

  take(length: number): Uint8Array {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** A vector of what `read` reads. */
  list<T>(read: () => T): T[] {
    return Array.from({ length: this.leb() }, read);
  }
}

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

const sized = (bytes: number[]): number[] => [...leb(bytes.length), ...bytes];

/** Number of parameters of each type. */
function parametersOf(section: Reader): number[] {
  return section.list(() => {
    section.take(1);
    const parameters = section.take(section.leb()).length;
    section.take(section.leb());
    return parameters;
  });
}

function indexOfExport(section: Reader, name: string): number {
  const exported = section.list(() => ({
    name: new TextDecoder().decode(section.take(section.leb())),
    kind: section.byte(),
    index: section.leb(),
  }));
  return exported.find((one) => one.name === name)?.index ?? -1;
}

/** A function's body with its multiply-adds split. `parameters` is how many it has. */
function unfuseBody(body: Uint8Array, parameters: number): number[] {
  const reader = new Reader(body);
  const groups = reader.list(() => ({ count: reader.leb(), type: reader.byte() }));
  const code = body.subarray(reader.at);
  const local = leb(groups.reduce((sum, { count }) => sum + count, parameters));
  const apart = [LOCAL_SET, ...local, ...MUL, LOCAL_GET, ...local, ...ADD];
  const out: number[] = [];
  let sites = 0;
  for (let at = 0; at < code.length; ) {
    if (MADD.every((byte, i) => code[at + i] === byte)) {
      out.push(...apart);
      at += MADD.length;
      sites++;
    } else {
      out.push(code[at++]!);
    }
  }
  if (sites === 0) return [...body];
  groups.push({ count: 1, type: V128 });
  return [...leb(groups.length), ...groups.flatMap(({ count, type }) => [...leb(count), type]), ...out];
}

/** How many multiply-adds a module has, by its text. */
function countMultiplyAdds(bytes: Uint8Array): number {
  const module = binaryen.readBinary(bytes);
  const count = module.emitText().split('f32x4.relaxed_madd').length - 1;
  module.dispose();
  return count;
}

/** The plain variant, and the offset of the byte that `isRelaxed` returns. */
export function unfuse(relaxed: Uint8Array): { plain: Uint8Array; flagAt: number; sites: number } {
  const reader = new Reader(relaxed);
  const out = [...reader.take(8)];
  let parameters: number[] = [];
  let types: number[] = [];
  let flagged = -1;
  let flagAt = -1;
  while (reader.at < relaxed.length) {
    const id = reader.byte();
    const content = reader.take(reader.leb());
    const section = new Reader(content);
    if (id === Section.type) parameters = parametersOf(section);
    if (id === Section.function) types = section.list(() => section.leb());
    if (id === Section.export) flagged = indexOfExport(section, 'isRelaxed');
    if (id !== Section.code) {
      out.push(id, ...sized([...content]));
      continue;
    }
    const bodies = section
      .list(() => section.take(section.leb()))
      .map((body, i) => unfuseBody(body, parameters[types[i]!]!));
    // isRelaxed: no locals, i32.const 1, end.
    const flag = bodies[flagged];
    if (flag?.join() !== '0,65,1,11') throw new Error('isRelaxed does not just return 1');
    flag[2] = 0;
    const before = [...leb(bodies.length), ...bodies.slice(0, flagged).flatMap(sized)].length;
    const code = [...leb(bodies.length), ...bodies.flatMap(sized)];
    out.push(id, ...leb(code.length));
    flagAt = out.length + before + leb(flag.length).length + 2;
    for (const byte of code) out.push(byte);
  }
  return { plain: Uint8Array.from(out), flagAt, sites: countMultiplyAdds(relaxed) };
}

/**
 * The passes over a recorded program. Each takes commands and returns commands, does one thing, and keeps what the program
 * computes. A buffer is a block of virtual memory; addresses below the virtual heap are memory outside, and what is written there is
 * always kept.
 */
import { Activation, UnaryFn } from '../../bindings/generated/encode.ts';
import { type Command, type Operand, reads, writes } from './commands.ts';
import { VIRTUAL_START, type VirtualBuffer } from './recorder.ts';

/** The virtual heap: which buffer an address belongs to. */
export class VirtualHeap {
  constructor(readonly buffers: readonly VirtualBuffer[]) {}

  /** The buffer that holds an address, or null for memory outside. */
  at(address: number): VirtualBuffer | null {
    if (address < VIRTUAL_START) return null;
    let low = 0;
    let high = this.buffers.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.buffers[middle]!.start <= address) low = middle;
      else high = middle - 1;
    }
    return this.buffers[low] ?? null;
  }

  /** The buffer that holds an address of the virtual heap. */
  get(address: number): VirtualBuffer {
    const buffer = this.at(address);
    if (buffer === null) throw new RangeError(`${address} is not an address of the virtual heap`);
    return buffer;
  }

  of(command: Command, operand: Operand): VirtualBuffer | null {
    return this.at(command.address(operand));
  }
}

/** Removes commands whose results are never read, except checks. `kept` are the buffers that live on after the program. */
export function removeDead(
  commands: readonly Command[],
  heap: VirtualHeap,
  kept: ReadonlySet<VirtualBuffer>,
): Command[] {
  const needed = new Set(kept);
  const live: Command[] = [];
  for (const command of [...commands].reverse()) {
    const { operands } = command;
    const isNeeded = operands.some((operand) => {
      const buffer = writes(operand) ? heap.of(command, operand) : undefined;
      return buffer === null || (buffer !== undefined && needed.has(buffer));
    });
    if (!isNeeded && command.opcode !== 'check') continue;
    live.push(command);
    for (const operand of operands) {
      const buffer = heap.of(command, operand);
      if (reads(operand) && buffer !== null) needed.add(buffer);
    }
  }
  return live.reverse();
}

/** How many commands touch each buffer. */
export function countUses(commands: readonly Command[], heap: VirtualHeap): Map<VirtualBuffer, number> {
  const uses = new Map<VirtualBuffer, number>();
  for (const command of commands) {
    for (const buffer of new Set(command.operands.map((operand) => heap.of(command, operand)))) {
      if (buffer !== null) uses.set(buffer, (uses.get(buffer) ?? 0) + 1);
    }
  }
  return uses;
}

const epilogues: Record<number, number> = {
  [UnaryFn.relu]: Activation.relu,
  [UnaryFn.sigmoid]: Activation.sigmoid,
  [UnaryFn.tanh]: Activation.tanh,
};

/** The result to which a command can apply an activation, and its length: null if the command has none, or does not write it as one block. */
function openResult(command: Command): { name: 'c' | 'y' | 'gx'; length: number } | null {
  const product = (...names: string[]) => names.reduce((n, name) => n * command.get(name), 1);
  if (command.opcode === 'conv' || command.opcode === 'winogradConv')
    return { name: 'y', length: product('batch', 'outChannels', 'outHeight', 'outWidth') };
  if (command.opcode === 'convInputGrad')
    return { name: 'gx', length: product('batch', 'inChannels', 'height', 'width') };
  if (command.opcode !== 'gemm' || command.getFloat('beta') !== 0) return null;
  if (command.get('cRow') !== command.get('n') || command.get('cBatch') !== product('m', 'n')) return null;
  return { name: 'c', length: product('batch', 'm', 'n') };
}

/**
 * Lets a matrix product or a convolution apply an activation that is the only reader of its result: gemm → c, unary c → y becomes
 * gemm → y.
 */
export function fuseActivations(
  commands: readonly Command[],
  heap: VirtualHeap,
  kept: ReadonlySet<VirtualBuffer>,
): Command[] {
  const uses = countUses(commands, heap);
  const producers = new Map<VirtualBuffer, { producer: Command; name: string; length: number }>();
  const result: Command[] = [];
  for (const command of commands) {
    const activation = command.opcode === 'unary' ? epilogues[command.get('fn')] : undefined;
    const source = activation === undefined ? null : heap.at(command.addressIn('x'));
    const found = source === null ? undefined : producers.get(source);
    if (
      source !== null &&
      found !== undefined &&
      activation !== undefined &&
      uses.get(source) === 2 &&
      !kept.has(source) &&
      command.get('x') === found.producer.get(found.name) &&
      command.get('n') === found.length
    ) {
      found.producer.set(found.name, command.get('y'));
      found.producer.set('activation', activation);
      continue;
    }
    const open = openResult(command);
    if (open !== null && command.get('activation') === Activation.none) {
      const buffer = heap.at(command.addressIn(open.name));
      if (buffer !== null) producers.set(buffer, { producer: command, ...open });
    }
    result.push(command);
  }
  return result;
}

/** First and last command that touch a buffer. */
export interface Lifetime {
  first: number;
  last: number;
}

export function lifetimes(commands: readonly Command[], heap: VirtualHeap): Map<VirtualBuffer, Lifetime> {
  const result = new Map<VirtualBuffer, Lifetime>();
  commands.forEach((command, i) => {
    for (const operand of command.operands) {
      const buffer = heap.of(command, operand);
      if (buffer === null) continue;
      const lifetime = result.get(buffer);
      if (lifetime === undefined) result.set(buffer, { first: i, last: i });
      else lifetime.last = i;
    }
  });
  return result;
}

/** Whether a command reads one operand element by element, so that its output may take that operand's place. */
function elementwiseInput(command: Command, name: string): boolean {
  if (command.opcode === 'unary') return name === 'x';
  if (command.opcode !== 'binary' || (name !== 'a' && name !== 'b')) return false;
  // With one dimension and stride 1 the operand is read in the order in which the output is written.
  return command.get('ndim') === 1 && command.firstStride(name) === 1;
}

/**
 * Lets a result take the place of an operand that is not used after the command: y's buffer becomes the operand's. Returns the
 * buffers whose place the results take.
 */
export function reuseInPlace(
  commands: readonly Command[],
  heap: VirtualHeap,
  lives: Map<VirtualBuffer, Lifetime>,
  fixed: ReadonlySet<VirtualBuffer>,
): Map<VirtualBuffer, VirtualBuffer> {
  const home = new Map<VirtualBuffer, VirtualBuffer>();
  commands.forEach((command, i) => {
    const output = command.operands.find(writes);
    if (output === undefined) return;
    const y = heap.of(command, output);
    if (y === null || fixed.has(y) || home.has(y) || command.address(output) !== y.start) return;
    const yLife = lives.get(y);
    if (yLife === undefined || yLife.first !== i) return;
    for (const operand of command.operands) {
      if (!elementwiseInput(command, operand.name)) continue;
      const x = heap.of(command, operand);
      if (x === null || x === y || fixed.has(x) || x.length !== y.length || command.address(operand) !== x.start)
        continue;
      const host = home.get(x) ?? x;
      const hostLife = lives.get(host);
      if (hostLife === undefined || hostLife.last !== i) continue;
      home.set(y, host);
      hostLife.last = yLife.last;
      return;
    }
  });
  return home;
}

/** Where each buffer is in the program's own block, and how long that block is. */
export interface MemoryPlan {
  offsets: Map<VirtualBuffer, number>;
  elements: number;
}

/** Elements of a cache line. */
const LINE = 16;

/** Places buffers so that those alive at the same time do not overlap: the largest first, each at the lowest free offset. */
export function planMemory(lives: ReadonlyMap<VirtualBuffer, Lifetime>): MemoryPlan {
  const placed: { buffer: VirtualBuffer; start: number; end: number; life: Lifetime }[] = [];
  const offsets = new Map<VirtualBuffer, number>();
  let elements = 0;
  const bySize = [...lives].sort(([a], [b]) => b.length - a.length || a.start - b.start);
  for (const [buffer, life] of bySize) {
    const size = Math.max(1, Math.ceil(buffer.length / LINE)) * LINE;
    const neighbours = placed
      .filter((other) => other.life.first <= life.last && life.first <= other.life.last)
      .sort((a, b) => a.start - b.start);
    let start = 0;
    for (const other of neighbours) {
      if (other.start - start >= size) break;
      start = Math.max(start, other.end);
    }
    placed.push({ buffer, start, end: start + size, life });
    offsets.set(buffer, start);
    elements = Math.max(elements, start + size);
  }
  return { offsets, elements };
}

/** The sum of the buffers' lengths. */
export function sumOf(buffers: Iterable<VirtualBuffer>): number {
  let sum = 0;
  for (const buffer of buffers) sum += buffer.length;
  return sum;
}

/** Where the buffers without memory of their own are in the program's block. */
export function planProgram(commands: readonly Command[], heap: VirtualHeap, fixed: ReadonlySet<VirtualBuffer>) {
  const lives = lifetimes(commands, heap);
  const sum = sumOf([...lives.keys()].filter((buffer) => !fixed.has(buffer)));
  const home = reuseInPlace(commands, heap, lives, fixed);
  for (const buffer of lives.keys()) if (fixed.has(buffer) || home.has(buffer)) lives.delete(buffer);
  const { offsets, elements } = planMemory(lives);
  return { elements, sum, offsetOf: (buffer: VirtualBuffer) => offsets.get(home.get(buffer) ?? buffer) ?? 0 };
}

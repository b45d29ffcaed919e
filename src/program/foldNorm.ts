/**
 * The pass that folds a normalisation by constant statistics (BatchNorm in evaluation mode) into the convolution before it:
 * (conv(x, w) + c − mean)·s + bias = conv(x, w·s) + (c − mean)·s + bias, s = rstd·weight, one value per output channel. What is computed from
 * weights and statistics goes into the prologue. Rounding differs by about one rounding of the weights.
 */
import { floatBits, ProgramBlock } from '../../bindings/commands/program.ts';
import {
  Activation,
  BinaryFn,
  encodeBinary,
  encodeUnary,
  encodeWinogradWeights,
  UnaryFn,
} from '../../bindings/generated/encode.ts';
import { type Command, parse, writes } from './commands.ts';
import { countUses, type VirtualHeap } from './passes.ts';
import type { VirtualBuffer } from './recorder.ts';

/** Taps of Winograd's filters. */
const TAPS = 9;

/** What the pass must know about the program. */
export interface NormSurroundings {
  /** Commands that compute constants, before all others. */
  prologue: readonly Command[];
  kept: ReadonlySet<VirtualBuffer>;
  /** Whether the memory at an address stays as the prologue leaves it. */
  isConstant(address: number): boolean;
  /** The address of virtual memory for this many elements. */
  allocate(elements: number): number;
}

/** Encodes products and sums of rows of elements with one value per channel. */
class Arithmetic {
  readonly block = new ProgramBlock(new Int32Array(256));

  constructor(private readonly allocate: (elements: number) => number) {}

  /** a [rows, columns] (or [rows], for one column) fn b [rows], in new memory. */
  apply(fn: 'add' | 'sub' | 'mul', a: number, b: number, rows: number, columns = 1): number {
    const y = this.allocate(rows * columns);
    encodeBinary(this.block, {
      ...{ fn: BinaryFn[fn], a, b, y, scalar: floatBits(0) },
      ...(columns === 1
        ? { ndim: 1, shape: [rows], aStrides: [1], bStrides: [1] }
        : { ndim: 2, shape: [rows, columns], aStrides: [columns, 1], bStrides: [1, 0] }),
    });
    return y;
  }

  negative(x: number, n: number): number {
    const y = this.allocate(n);
    encodeUnary(this.block, { fn: UnaryFn.neg, x, y, n, p0: 0, p1: 0 });
    return y;
  }

  /** w in Winograd's form. */
  filters(w: number, outChannels: number, inChannels: number, size: number, scratch: number): number {
    const u = this.allocate(size);
    this.block.scratch = scratch;
    encodeWinogradWeights(this.block, { w, u, outChannels, inChannels, transposed: 0 });
    return u;
  }
}

/** Whether `norm` normalises each channel of what `conv` gives, and nothing else. */
function follows(conv: Command, norm: Command): boolean {
  return (
    norm.get('x') === conv.get('y') &&
    norm.get('groupChannels') === 0 &&
    norm.get('outer') === conv.get('batch') &&
    norm.get('channels') === conv.get('outChannels') &&
    norm.get('spatial') === conv.get('outHeight') * conv.get('outWidth')
  );
}

/** The command that computed Winograd's weights, if what it reads is still there after the prologue. */
function makerOf(conv: Command, heap: VirtualHeap, prologue: readonly Command[]): Command | null {
  const writersOf = (buffer: VirtualBuffer | null) =>
    prologue.filter((command) =>
      command.operands.some((operand) => writes(operand) && heap.of(command, operand) === buffer),
    );
  const [maker, ...others] = writersOf(heap.at(conv.addressIn('u')));
  if (
    maker === undefined ||
    others.length > 0 ||
    maker.opcode !== 'winogradWeights' ||
    maker.get('transposed') !== 0 ||
    maker.get('u') !== conv.get('u')
  )
    return null;
  const source = heap.at(maker.addressIn('w'));
  return source === null || writersOf(source).length === 1 ? maker : null;
}

/** Gives `conv` weights and a bias that normalise too, and returns the commands that compute them. */
function fold(
  conv: Command,
  norm: Command,
  maker: Command | null,
  heap: VirtualHeap,
  allocate: (elements: number) => number,
): Command[] {
  const make = new Arithmetic(allocate);
  const channels = conv.get('outChannels');
  const at = (name: string) => norm.addressIn(name);
  const old = conv.addressIn('bias');
  const scale = at('weight') === 0 ? at('rstd') : make.apply('mul', at('rstd'), at('weight'), channels);
  const mean = old === 0 ? at('mean') : make.apply('sub', at('mean'), old, channels);
  const shift = make.apply('mul', mean, scale, channels);
  conv.set('bias', at('bias') === 0 ? make.negative(shift, channels) : make.apply('sub', at('bias'), shift, channels));
  if (maker === null) {
    const taps = conv.get('kernelHeight') * conv.get('kernelWidth');
    const columns = (conv.get('inChannels') / conv.get('groups')) * taps;
    conv.set('w', make.apply('mul', conv.addressIn('w'), scale, channels, columns));
  } else {
    const inChannels = conv.get('inChannels');
    const w = make.apply('mul', maker.addressIn('w'), scale, channels, inChannels * TAPS);
    conv.set('u', make.filters(w, channels, inChannels, heap.get(maker.addressIn('u')).length, maker.get('scratch')));
  }
  conv.set('y', norm.get('y'));
  return parse(make.block.words, make.block.length);
}

/** Returns the commands to add to the prologue, and the others. */
export function foldNorms(
  commands: readonly Command[],
  heap: VirtualHeap,
  { prologue, kept, isConstant, allocate }: NormSurroundings,
): { folding: Command[]; commands: Command[] } {
  const uses = countUses(commands, heap);
  const convs = new Map<VirtualBuffer, Command>();
  const folding: Command[] = [];
  const result: Command[] = [];
  const areConstant = (command: Command, ...names: string[]) =>
    names.every((name) => command.get(name) === 0 || isConstant(command.addressIn(name)));
  for (const command of commands) {
    const isConv = command.opcode === 'conv' || command.opcode === 'winogradConv';
    const buffer = isConv ? heap.at(command.addressIn('y')) : null;
    if (buffer !== null && command.get('activation') === Activation.none && !kept.has(buffer))
      convs.set(buffer, command);
    const source = command.opcode === 'normalize' ? heap.at(command.addressIn('x')) : null;
    const conv = source === null || uses.get(source) !== 2 ? undefined : convs.get(source);
    if (
      conv !== undefined &&
      follows(conv, command) &&
      areConstant(conv, conv.opcode === 'conv' ? 'w' : 'u', 'bias') &&
      areConstant(command, 'mean', 'rstd', 'weight', 'bias')
    ) {
      const maker = conv.opcode === 'conv' ? null : makerOf(conv, heap, prologue);
      if (conv.opcode === 'conv' || maker !== null) {
        folding.push(...fold(conv, command, maker, heap, allocate));
        continue;
      }
    }
    result.push(command);
  }
  return { folding, commands: result };
}

/**
 * A block of 32-bit words that commands are encoded into: a program in the making. It knows no opcode; the encoders in
 * bindings/generated/encode.ts write the words. The words may be in an executor's own heap, so that running them copies nothing.
 */
export class ProgramBlock {
  words: Int32Array;
  floats: Float32Array;
  /** Words in use. */
  length = 0;
  /** Commands in use. */
  commands = 0;
  /** Element index of the executor's scratch block, for fields of kind `scratch`. */
  scratch = 0;
  /** The executor's GEMM tile, for fields of kind `tile`. */
  tile = 0;

  constructor(words: Int32Array = new Int32Array(256)) {
    this.words = words;
    this.floats = new Float32Array(words.buffer, words.byteOffset, words.length);
  }

  /** Takes `count` words for one command and returns the offset of the first. */
  reserve(count: number): number {
    const at = this.length;
    if (at + count > this.words.length)
      throw new RangeError(`program block is full: ${at} + ${count} of ${this.words.length} words`);
    this.length = at + count;
    this.commands++;
    return at;
  }

  /** Forgets all commands; the words stay as they are until they are written again. */
  clear(): void {
    this.length = 0;
    this.commands = 0;
  }

  /** Points the block at other words (after its heap has moved). */
  rebase(words: Int32Array): void {
    this.words = words;
    this.floats = new Float32Array(words.buffer, words.byteOffset, words.length);
  }
}

const bitsFloat = new Float32Array(1);
const bitsInt = new Int32Array(bitsFloat.buffer);

/** The bit pattern of a float32, for fields of kind `bits`. */
export function floatBits(value: number): number {
  bitsFloat[0] = value;
  return bitsInt[0]!;
}

/** The float32 with this bit pattern. */
export function bitsToFloat(bits: number): number {
  bitsInt[0] = bits;
  return bitsFloat[0]!;
}

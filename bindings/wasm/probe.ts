/** What this engine can run, tested with modules much smaller than the kernels. */

/** SIMD variants, the faster one first. `relaxed` has fused multiply-adds; `plain` gives the same bits on every machine. */
export type Variant = 'relaxed' | 'plain';

/** A module with one function, (v128, v128, v128) → v128, that applies these instructions to its operands. */
function moduleOf(instructions: readonly number[]): Uint8Array<ArrayBuffer> {
  const v128 = 0x7b;
  const end = 0x0b;
  const body = [0, 0x20, 0, 0x20, 1, 0x20, 2, ...instructions, end];
  return Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 8, 1, 0x60, 3, v128, v128, v128, 1, v128],
    ...[3, 2, 1, 0],
    ...[10, body.length + 2, 1, body.length, ...body],
  );
}

const instructions: Record<Variant, readonly number[]> = {
  // f32x4.mul, f32x4.add, atomic.fence
  plain: [0xfd, 0xe6, 0x01, 0xfd, 0xe4, 0x01, 0xfe, 0x03, 0x00],
  // f32x4.relaxed_madd, atomic.fence
  relaxed: [0xfd, 0x85, 0x02, 0xfe, 0x03, 0x00],
};

/** Whether this engine can run a variant. */
export function supports(variant: Variant): boolean {
  return typeof WebAssembly === 'object' && WebAssembly.validate(moduleOf(instructions[variant]));
}

/**
 * Turns the plain kernels into the relaxed ones. Where the build (assembly/build/unfuse.ts) has written a fused multiply-add as
 *
 *     local.set t, f32x4.mul, local.get t, f32x4.add        (t takes one byte or two)
 *
 * f32x4.relaxed_madd takes their place, followed by nops. Nothing else has this form: the build checks the number.
 */
const LOCAL_GET: u32 = 0x20;
const LOCAL_SET: u32 = 0x21;
const NOP: u8 = 0x01;
/** Three bytes each, little-endian. */
const MUL: u32 = 0x01e6fd;
const ADD: u32 = 0x01e4fd;
const MADD: u32 = 0x0285fd;

/** The end of the pair that begins at `at`; 0 if none does. */
function endOfPair(at: usize): usize {
  const index = load<u8>(at, 1) < 0x80 ? <u32>load<u8>(at, 1) : <u32>load<u16>(at, 1);
  const mul = at + (index < 0x80 ? 2 : 3);
  if ((load<u32>(mul) & 0xffffff) != MUL || load<u8>(mul, 3) != LOCAL_GET) return 0;
  const local = mul + 4;
  if ((index < 0x80 ? <u32>load<u8>(local) : <u32>load<u16>(local)) != index) return 0;
  const add = local + (index < 0x80 ? 1 : 2);
  return (load<u32>(add) & 0xffffff) == ADD ? add + 3 : 0;
}

/** Fuses the module from `at` to `end`, and writes 1 into its byte at `flag`. Returns the number of pairs. */
export function fuse(at: usize, end: usize, flag: usize): u32 {
  let pairs: u32 = 0;
  for (; at < end; at++) {
    if (load<u8>(at) != LOCAL_SET) continue;
    const after = endOfPair(at);
    if (after == 0) continue;
    store<u16>(at, <u16>MADD);
    store<u8>(at, <u8>(MADD >>> 16), 2);
    memory.fill(at + 3, NOP, after - at - 3);
    pairs++;
  }
  store<u8>(flag, 1);
  return pairs;
}

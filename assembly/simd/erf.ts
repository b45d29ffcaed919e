/**
 * erf of four floats: x + x·E(x²) below 0.92, and 1 − e^(−t·(1 + Q(t))) from there to 4, well beyond where it rounds to 1.
 * E and Q are fitted by fit/minimax.py.
 */
import { all, copySign, select } from './bits';
import { exp4 } from './exp';
import { madd } from './madd';

// @ts-ignore: decorator
@inline
export function erf4(x: v128): v128 {
  const z = f32x4.mul(x, x);
  let e = madd(all(-0.000597658858), z, all(0.00499041239));
  e = madd(e, z, all(-0.0267647542));
  e = madd(e, z, all(0.11281766));
  e = madd(e, z, all(-0.376124889));
  e = madd(e, z, all(0.128379151));
  const near = madd(x, e, x);

  const t = f32x4.pmin(f32x4.abs(x), all(4));
  let q = madd(all(1.10362635e-5), t, all(-0.000320855557));
  q = madd(q, t, all(0.00363455433));
  q = madd(q, t, all(-0.0237453841));
  q = madd(q, t, all(0.106217563));
  q = madd(q, t, all(0.63516295));
  q = madd(q, t, all(0.128645629));
  const far = f32x4.sub(all(1), exp4(f32x4.neg(madd(t, q, t))));
  return select(near, copySign(far, x), f32x4.lt(f32x4.abs(x), all(0.92)));
}

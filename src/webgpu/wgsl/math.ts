/**
 * Elementary functions for shaders. WGSL's own may overflow (tanh), or lose all digits of small results (log near 1) or of angles
 * (sin, cos), depending on the device. These do what the wasm kernels do (assembly/simd), with the same polynomials, and are
 * accurate to a few ulp wherever the device rounds additions and multiplications correctly. NaN is recognised by its bits, because WGSL
 * lets compilers assume that there is none.
 */

/** The first digits of 2/π behind the point, in words: enough for every float32. */
const TWO_OVER_PI = [0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab];

export const mathSource = `
fn isNan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
fn isInf(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u; }
fn infinity() -> f32 { var bits = 0x7f800000u; return bitcast<f32>(bits); }
fn notANumber() -> f32 { var bits = 0x7fc00000u; return bitcast<f32>(bits); }
fn isNegative(x: f32) -> bool { return (bitcast<u32>(x) >> 31u) == 1u; }
fn withSign(x: f32, sign: f32) -> f32 {
  return bitcast<f32>((bitcast<u32>(x) & 0x7fffffffu) | (bitcast<u32>(sign) & 0x80000000u));
}
fn maximum(a: f32, b: f32) -> f32 {
  if (isNan(a)) { return a; }
  if (isNan(b)) { return b; }
  return max(a, b);
}
fn minimum(a: f32, b: f32) -> f32 {
  if (isNan(a)) { return a; }
  if (isNan(b)) { return b; }
  return min(a, b);
}
fn mulHigh(a: u32, b: u32) -> u32 {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let middle = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let carry = ((middle & 0xffffu) + (a & 0xffffu) * (b >> 16u)) >> 16u;
  return (a >> 16u) * (b >> 16u) + (middle >> 16u) + carry;
}

// (e^r − 1) / r for |r| ≤ ln 2 / 2.
fn expQuotient(r: f32) -> f32 {
  var q = fma(0.00138145627, r, 0.0083687352);
  q = fma(q, r, 0.041668389);
  q = fma(q, r, 0.166665211);
  q = fma(q, r, 0.49999994);
  return fma(q, r, 1.0);
}
fn power2(n: i32) -> f32 { return bitcast<f32>(bitcast<u32>(n + 127) << 23u); }
fn exponential(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  if (x > 89.0) { return infinity(); }
  if (x < -105.0) { return 0.0; }
  let n = round(x * 1.44269504);
  let r = fma(n, 0.00021219444, fma(n, -0.693359375, x));
  let whole = i32(n);
  let half = whole >> 1u;
  return fma(expQuotient(r), r, 1.0) * power2(half) * power2(whole - half);
}
fn sigmoid(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  let e = exponential(-abs(x));
  return select(1.0, e, isNegative(x)) / (1.0 + e);
}
fn hyperbolicTangent(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  let a = abs(x);
  if (a < 0.55) {
    let z = a * a;
    var p = fma(0.0164359491, z, -0.0526709817);
    p = fma(p, z, 0.133207127);
    p = fma(p, z, -0.333329469);
    return withSign(fma(a, z * p, a), x);
  }
  return withSign(1.0 - 2.0 / (1.0 + exponential(2.0 * min(a, 10.0))), x);
}

// e and f of x = 2^e·(1 + f), 1 + f in [√½, √2), x positive and finite.
fn exponentAndRest(x: f32) -> vec2<f32> {
  let tiny = x < 1.17549435e-38;
  let bits = bitcast<i32>(select(x, x * 8388608.0, tiny)) + 0x004afb0d;
  let exponent = (bits >> 23u) - 127 - select(0, 23, tiny);
  return vec2<f32>(f32(exponent), bitcast<f32>((bits & 0x007fffff) + 0x3f3504f3) - 1.0);
}
// ln of 2^e·(1 + f).
fn logOf(e: f32, f: f32) -> f32 {
  let s = f / (f + 2.0);
  let z = s * s;
  var r = fma(0.29872185, z, 0.399775267);
  r = z * fma(r, z, 0.666667759);
  let half = f * (f * 0.5);
  let small = fma(s, half + r, e * -0.00021219444);
  return fma(e, 0.693359375, f - (half - small));
}
fn logarithm(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  if (x == 0.0) { return -infinity(); }
  if (isNegative(x)) { return notANumber(); }
  if (isInf(x)) { return x; }
  let parts = exponentAndRest(x);
  return logOf(parts.x, parts.y);
}
fn logarithm1p(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  let u = x + 1.0;
  if (abs(x) < 0.25) { return withSign(logOf(0.0, x), x); }
  return logarithm(u);
}

fn sinReduced(r: f32) -> f32 {
  let z = r * r;
  var p = fma(-0.000195152752, z, 0.0083321603);
  p = fma(p, z, -0.166666552);
  return fma(r, z * p, r);
}
fn cosReduced(r: f32) -> f32 {
  let z = r * r;
  var p = fma(2.44331477e-5, z, -0.00138873165);
  p = fma(p, z, 0.0416666456);
  return fma(z * z, p, fma(z, -0.5, 1.0));
}
fn sinQuadrant(r: f32, quadrant: u32) -> f32 {
  let y = select(sinReduced(r), cosReduced(r), (quadrant & 1u) == 1u);
  return select(y, -y, (quadrant & 2u) == 2u);
}
fn twoOverPi(word: u32) -> u32 {
  switch (word) {
${TWO_OVER_PI.slice(0, -1)
  .map((digits, word) => `    case ${word}u: { return ${digits}u; }`)
  .join('\n')}
    default: { return ${TWO_OVER_PI.at(-1)}u; }
  }
}
// sin(x + turn·π/2): the remainder by Cody and Waite, for large x by the bits of 2/π (Payne and Hanek, 1983).
fn sinTurned(x: f32, turn: u32) -> f32 {
  if (isNan(x) || isInf(x)) { return notANumber(); }
  if (abs(x) <= 4096.0) {
    let n = round(x * 0.636619772);
    let r = fma(n, -7.54978995e-8, fma(n, -4.83751297e-4, fma(n, -1.5703125, x)));
    return sinQuadrant(r, bitcast<u32>(i32(n)) + turn);
  }
  let bits = bitcast<u32>(x);
  let m = (bits & 0x7fffffu) | 0x800000u;
  // 24 bits before the last one of m count whole words of digits; below 2^24 the product starts within the first word.
  let offset = i32((bits >> 23u) & 0xffu) - 152;
  let first = max(offset, 0);
  let word = u32(first) >> 5u;
  let shift = u32(first) & 31u;
  var w0 = twoOverPi(word);
  var w1 = twoOverPi(word + 1u);
  var w2 = twoOverPi(word + 2u);
  if (shift > 0u) {
    let back = 32u - shift;
    w0 = (w0 << shift) | (w1 >> back);
    w1 = (w1 << shift) | (w2 >> back);
    w2 = (w2 << shift) | (twoOverPi(word + 3u) >> back);
  }
  if (offset < 0) {
    let down = u32(-offset);
    w2 = (w2 >> down) | (w1 << (32u - down));
    w1 = (w1 >> down) | (w0 << (32u - down));
    w0 = w0 >> down;
  }
  let low = m * w1;
  let lowSum = low + mulHigh(m, w2);
  let high = m * w0 + mulHigh(m, w1) + select(0u, 1u, lowSum < low);
  let quadrant = (high + 0x20000000u) >> 30u;
  let fraction = bitcast<i32>((high << 2u) | (lowSum >> 30u));
  let r = (f32(fraction) + f32(lowSum << 2u) * 2.3283064365386963e-10) * 3.6572952e-10;
  let direct = sinQuadrant(r, quadrant + turn);
  let mirrored = sinQuadrant(-r, turn - quadrant);
  return select(direct, mirrored, isNegative(x));
}
fn sine(x: f32) -> f32 {
  if (x == 0.0) { return x; }
  return sinTurned(x, 0u);
}
fn cosine(x: f32) -> f32 { return sinTurned(x, 1u); }
// sin(2π·u + turn·π/2), 0 ≤ u < 1 with at most 24 bits behind the point: u is reduced exactly.
fn sinUnit(u: f32, turn: u32) -> f32 {
  let n = round(u * 4.0);
  return sinQuadrant((u - n * 0.25) * 6.28318531, u32(n) + turn);
}
fn arcTangent(x: f32) -> f32 {
  if (isNan(x)) { return x; }
  let a = abs(x);
  var base = 0.0;
  var t = a;
  if (a > 1.8181818) {
    base = 1.57079637;
    t = -1.0 / a;
  } else if (a > 0.55) {
    base = 0.785398185;
    t = (a - 1.0) / (a + 1.0);
  }
  let z = t * t;
  var p = fma(-0.0460297018, z, 0.098401539);
  p = fma(p, z, -0.141090646);
  p = fma(p, z, 0.199889392);
  p = fma(p, z, -0.333331048);
  return withSign(base + fma(t, z * p, t), x);
}
// a^b for positive finite a: whole and fractional powers of 2 separately, so that the largest results do not overflow by rounding.
fn positivePower(a: f32, b: f32) -> f32 {
  let parts = exponentAndRest(a);
  let broken = logOf(0.0, parts.y);
  let total = b * (parts.x + broken * 1.44269504);
  if (total > 129.0) { return infinity(); }
  if (total < -151.0) { return 0.0; }
  let n = round(total);
  // Scaled one by one: Mesa would add both exponents again and lose the fraction.
  let r = fma(b, parts.x, -n) * 0.693147181 + b * broken;
  let whole = i32(n);
  let half = whole >> 1u;
  return fma(expQuotient(r), r, 1.0) * power2(half) * power2(whole - half);
}
// C's powf.
fn power(a: f32, b: f32) -> f32 {
  if (b == 0.0 || a == 1.0) { return 1.0; }
  if (isNan(a)) { return a; }
  if (isNan(b)) { return b; }
  let size = abs(a);
  if (size == 1.0 && isInf(b)) { return 1.0; }
  let whole = abs(b) >= 16777216.0 || b == trunc(b);
  let odd = whole && abs(b) < 16777216.0 && (i32(b) & 1) == 1;
  if (isNegative(a) && !whole && size != 0.0 && !isInf(a)) { return notANumber(); }
  var y = 0.0;
  if (size == 0.0 || isInf(size)) {
    y = select(infinity(), 0.0, (size == 0.0) == (b > 0.0));
  } else if (isInf(b)) {
    y = select(infinity(), 0.0, (size < 1.0) == (b > 0.0));
  } else {
    y = positivePower(size, b);
  }
  return select(y, -y, odd && isNegative(a));
}
// Φ(x) of the normal distribution; far below 0 by the continued fraction of erfc (Abramowitz and Stegun 7.1.14), where 1 + erf cancels.
fn normalShare(x: f32) -> f32 {
  if (x > -2.0 || isNan(x)) { return 0.5 * (1.0 + errorFunction(x * 0.707106781)); }
  let a = -x * 0.707106781;
  var fraction = 0.0;
  for (var k = 30; k > 0; k--) { fraction = 0.5 * f32(k) / (a + fraction); }
  return 0.5 * exponential(-a * a) / ((a + fraction) * 1.77245385);
}
// GELU's approximation by tanh (Hendrycks and Gimpel, 2016): 2·√(2/π)·(x + 0.044715·x³).
fn geluAngle(x: f32) -> f32 { return 1.59576912 * x * (1.0 + 0.044715 * x * x); }
fn geluTanhGradient(x: f32, g: f32) -> f32 {
  let s = sigmoid(geluAngle(x));
  return g * s * (1.0 + x * (1.0 - s) * 1.59576912 * (1.0 + 0.134145 * x * x));
}
fn softplus(x: f32, beta: f32, threshold: f32) -> f32 {
  if (beta * x > threshold) { return x; }
  return logarithm1p(exponential(beta * x)) / beta;
}
fn exponentialLessOne(x: f32) -> f32 {
  if (abs(x) < 0.34) { return expQuotient(x) * x; }
  return exponential(x) - 1.0;
}
// int32 power that wraps; a negative exponent leaves ±1 for the base ±1, and 0 for all others.
fn integerPower(base: i32, exponent: i32) -> i32 {
  if (exponent < 0) {
    if (base == 1) { return 1; }
    if (base == -1) { return select(1, -1, (exponent & 1) == 1); }
    return 0;
  }
  var result = 1;
  var factor = base;
  for (var left = exponent; left > 0; left >>= 1u) {
    if ((left & 1) == 1) { result *= factor; }
    factor *= factor;
  }
  return result;
}
fn toInteger(x: f32) -> i32 {
  if (isNan(x)) { return 0; }
  if (x >= 2147483648.0) { return 0x7fffffff; }
  if (x <= -2147483648.0) { return bitcast<i32>(0x80000000u); }
  return i32(x);
}
`;

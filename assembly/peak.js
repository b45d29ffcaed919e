"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.peak = peak;
/**
 * The yardstick of the benchmarks: multiply-adds on registers alone, as many independent chains as the micro-kernel
 * has accumulators. No kernel of this build can be faster on this engine.
 */
const madd_1 = require("./simd/madd");
/** Runs `rounds` × 8 vector multiply-adds (64 floating-point operations a round) and returns something that depends on all of them. */
function peak(rounds) {
    const x = f32x4.splat(1.0000001);
    const y = f32x4.splat(0.0000001);
    let c0 = x, c1 = x, c2 = x, c3 = x, c4 = x, c5 = x, c6 = x, c7 = x;
    for (let i = 0; i < rounds; i++) {
        c0 = (0, madd_1.madd)(c0, x, y);
        c1 = (0, madd_1.madd)(c1, x, y);
        c2 = (0, madd_1.madd)(c2, x, y);
        c3 = (0, madd_1.madd)(c3, x, y);
        c4 = (0, madd_1.madd)(c4, x, y);
        c5 = (0, madd_1.madd)(c5, x, y);
        c6 = (0, madd_1.madd)(c6, x, y);
        c7 = (0, madd_1.madd)(c7, x, y);
    }
    const s = f32x4.add(f32x4.add(f32x4.add(c0, c1), f32x4.add(c2, c3)), f32x4.add(f32x4.add(c4, c5), f32x4.add(c6, c7)));
    return f32x4.extract_lane(s, 0) + f32x4.extract_lane(s, 1) + f32x4.extract_lane(s, 2) + f32x4.extract_lane(s, 3);
}

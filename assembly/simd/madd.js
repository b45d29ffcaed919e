"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.madd = madd;
/** a·b + c: fused in the relaxed build, a multiplication and an addition in the plain one. */
// @ts-ignore: decorator
function madd(a, b, c) {
    if (ASC_FEATURE_RELAXED_SIMD)
        return f32x4.relaxed_madd(a, b, c);
    return f32x4.add(f32x4.mul(a, b), c);
}

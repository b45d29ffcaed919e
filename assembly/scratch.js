"use strict";
/**
 * The scratch block that the executor lends to every command: what is in it lasts for one command only. GEMM packs its
 * panels there, reductions keep their partial results there.
 *
 *   [ packed B, shared: KC × NC ][ packed A and edge tile of thread 0 ][ … of thread 1 ] …
 */
Object.defineProperty(exports, "__esModule", { value: true });
exports.THREAD_SCRATCH = exports.SHARED_SCRATCH = void 0;
exports.scratchElements = scratchElements;
/** Elements of the part that all threads share. */
exports.SHARED_SCRATCH = 256 * 1024;
/** Elements of one thread's own part. */
exports.THREAD_SCRATCH = 64 * 1024;
/** Elements of scratch that commands need when so many threads run them. */
function scratchElements(threads) {
    return exports.SHARED_SCRATCH + threads * exports.THREAD_SCRATCH;
}

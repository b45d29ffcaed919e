"use strict";
/**
 * Runs a program: command after command, each by its kernel. All kernels have one signature, so that a thread pool can
 * run the same program side by side: `thread` of `threads` does its own part of each command.
 */
Object.defineProperty(exports, "__esModule", { value: true });
exports.run = run;
const binary_1 = require("./elementwise/binary");
const copy_1 = require("./elementwise/copy");
const unary_1 = require("./elementwise/unary");
const where_1 = require("./elementwise/where");
const gemm_1 = require("./gemm/gemm");
const rows_1 = require("./index/rows");
const adam_1 = require("./optim/adam");
const sgd_1 = require("./optim/sgd");
const philox_1 = require("./random/philox");
const argReduce_1 = require("./reduce/argReduce");
const crossEntropy_1 = require("./reduce/crossEntropy");
const cumsum_1 = require("./reduce/cumsum");
const reduce_1 = require("./reduce/reduce");
const softmax_1 = require("./reduce/softmax");
/** One command at `cmd`. */
function dispatch(cmd, thread, threads) {
    switch (load(cmd)) {
        case 0 /* Opcode.copy */:
            return (0, copy_1.copyKernel)(cmd, thread, threads);
        case 1 /* Opcode.fill */:
            return (0, copy_1.fillKernel)(cmd, thread, threads);
        case 2 /* Opcode.unary */:
            return (0, unary_1.unaryKernel)(cmd, thread, threads);
        case 3 /* Opcode.binary */:
            return (0, binary_1.binaryKernel)(cmd, thread, threads);
        case 4 /* Opcode.where */:
            return (0, where_1.whereKernel)(cmd, thread, threads);
        case 5 /* Opcode.reduce */:
            return (0, reduce_1.reduceKernel)(cmd, thread, threads);
        case 6 /* Opcode.argReduce */:
            return (0, argReduce_1.argReduceKernel)(cmd, thread, threads);
        case 7 /* Opcode.cumsum */:
            return (0, cumsum_1.cumsumKernel)(cmd, thread, threads);
        case 8 /* Opcode.softmax */:
            return (0, softmax_1.softmaxKernel)(cmd, thread, threads);
        case 9 /* Opcode.softmaxGrad */:
            return (0, softmax_1.softmaxGradKernel)(cmd, thread, threads);
        case 10 /* Opcode.crossEntropy */:
            return (0, crossEntropy_1.crossEntropyKernel)(cmd, thread, threads);
        case 11 /* Opcode.crossEntropyGrad */:
            return (0, crossEntropy_1.crossEntropyGradKernel)(cmd, thread, threads);
        case 12 /* Opcode.gemm */:
            return (0, gemm_1.gemmKernel)(cmd, thread, threads);
        case 13 /* Opcode.takeRows */:
            return (0, rows_1.takeRowsKernel)(cmd, thread, threads);
        case 14 /* Opcode.addRows */:
            return (0, rows_1.addRowsKernel)(cmd, thread, threads);
        case 15 /* Opcode.sgd */:
            return (0, sgd_1.sgdKernel)(cmd, thread, threads);
        case 16 /* Opcode.adam */:
            return (0, adam_1.adamKernel)(cmd, thread, threads);
        case 17 /* Opcode.random */:
            return (0, philox_1.randomKernel)(cmd, thread, threads);
        default:
            unreachable();
    }
}
/** All commands of the program block at `program`, a byte address. */
function run(program, commands, thread, threads) {
    let cmd = program;
    for (let i = 0; i < commands; i++) {
        dispatch(cmd, thread, threads);
        cmd += load(cmd, 4) << 2;
    }
}

"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.crossEntropyKernel = crossEntropyKernel;
exports.crossEntropyGradKernel = crossEntropyGradKernel;
function crossEntropyKernel(cmd, thread, threads) { }
function crossEntropyGradKernel(cmd, thread, threads) { }

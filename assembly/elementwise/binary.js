"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.binaryKernel = binaryKernel;
function binaryKernel(cmd, thread, threads) { }

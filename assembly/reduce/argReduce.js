"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.argReduceKernel = argReduceKernel;
function argReduceKernel(cmd, thread, threads) { }

"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.gemmKernel = gemmKernel;
function gemmKernel(cmd, thread, threads) { }

"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.sgdKernel = sgdKernel;
function sgdKernel(cmd, thread, threads) { }

"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.reduceKernel = reduceKernel;
function reduceKernel(cmd, thread, threads) { }

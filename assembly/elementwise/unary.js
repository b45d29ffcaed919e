"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.unaryKernel = unaryKernel;
function unaryKernel(cmd, thread, threads) { }

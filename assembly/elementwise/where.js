"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.whereKernel = whereKernel;
function whereKernel(cmd, thread, threads) { }

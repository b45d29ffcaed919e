"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.randomKernel = randomKernel;
function randomKernel(cmd, thread, threads) { }

"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.cumsumKernel = cumsumKernel;
function cumsumKernel(cmd, thread, threads) { }

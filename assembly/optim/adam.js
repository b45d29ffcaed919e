"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.adamKernel = adamKernel;
function adamKernel(cmd, thread, threads) { }

"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.copyKernel = copyKernel;
exports.fillKernel = fillKernel;
function copyKernel(cmd, thread, threads) { }
function fillKernel(cmd, thread, threads) { }

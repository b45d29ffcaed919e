"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.softmaxKernel = softmaxKernel;
exports.softmaxGradKernel = softmaxGradKernel;
function softmaxKernel(cmd, thread, threads) { }
function softmaxGradKernel(cmd, thread, threads) { }

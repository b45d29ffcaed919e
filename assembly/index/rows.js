"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.takeRowsKernel = takeRowsKernel;
exports.addRowsKernel = addRowsKernel;
function takeRowsKernel(cmd, thread, threads) { }
function addRowsKernel(cmd, thread, threads) { }

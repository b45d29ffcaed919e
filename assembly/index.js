"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.scratchElements = exports.peak = exports.run = void 0;
exports.heapBase = heapBase;
/**
 * The module's exports. Kernels get pointers and sizes and give numbers; they know nothing of tensors or JavaScript.
 * There is no static data, no mutable global and no allocation in this folder: threads share memory, not globals.
 */
var dispatch_1 = require("./dispatch");
Object.defineProperty(exports, "run", { enumerable: true, get: function () { return dispatch_1.run; } });
var peak_1 = require("./peak");
Object.defineProperty(exports, "peak", { enumerable: true, get: function () { return peak_1.peak; } });
var scratch_1 = require("./scratch");
Object.defineProperty(exports, "scratchElements", { enumerable: true, get: function () { return scratch_1.scratchElements; } });
/** First byte of the memory that the module does not use itself. */
function heapBase() {
    return __heap_base;
}

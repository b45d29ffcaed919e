import { defineConfig } from 'vitest/config';

const nodeMajor = Number(process.versions.node.split('.')[0]);

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Node 20 knows relaxed SIMD behind this flag; from Node 22 on it needs none.
    execArgv: nodeMajor < 22 ? ['--experimental-wasm-relaxed-simd', '--expose-gc'] : ['--expose-gc'],
  },
});

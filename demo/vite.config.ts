/**
 * The demo's server and build. The development server is cross-origin isolated, which threads need. The built page has a strict
 * Content Security Policy, and runs on one thread where its host does not send the two isolation headers.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const contentSecurityPolicy: Plugin = {
  name: 'content-security-policy',
  apply: 'build',
  transformIndexHtml: () => [
    { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: policy }, injectTo: 'head-prepend' },
  ],
};

export default defineConfig({
  root: here('.'),
  base: './',
  plugins: [contentSecurityPolicy],
  resolve: {
    alias: [
      { find: 'saraf/worker.js', replacement: here('../dist/worker.js') },
      { find: /^saraf$/, replacement: here('../src/index.ts') },
    ],
  },
  worker: { format: 'es' },
  server: { headers: isolation },
  preview: { headers: { ...isolation, 'Content-Security-Policy': policy } },
  build: {
    outDir: here('../out/demo'),
    emptyOutDir: true,
    target: 'es2022',
    // A policy without data: addresses; and a worker must be a file.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});

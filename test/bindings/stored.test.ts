/** The kernels that dist/node contains unpacked, against those that are unpacked at the start. */
import { afterEach, expect, it, vi } from 'vitest';
import { unpackKernels as takeStored } from '../../bindings/wasm/stored.ts';
import { unpackKernels } from '../../bindings/wasm/unpack.ts';

afterEach(() => vi.unstubAllGlobals());

it.each(['relaxed', 'plain'])('stored and unpacked kernels are the same bytes: %s', (variant) => {
  const isRelaxed = variant === 'relaxed';
  const unpacked = unpackKernels(isRelaxed);
  expect(WebAssembly.validate(unpacked)).toBe(true);
  expect(Buffer.compare(takeStored(isRelaxed), unpacked)).toBe(0);
});

it('stored kernels are the same bytes where there is no Buffer', () => {
  const wanted = unpackKernels(false);
  vi.stubGlobal('Buffer', undefined);
  const got = unpackKernels(false);
  vi.unstubAllGlobals();
  expect(Buffer.compare(got, wanted)).toBe(0);
});

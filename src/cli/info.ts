/** `saraf info`: what saraf finds on this machine. */
import { cpus } from 'node:os';
import { init, type RuntimeInfo } from '../runtime/runtime.ts';
import { openDevice } from '../webgpu/device.ts';

export interface Info extends RuntimeInfo {
  version: string;
  /** Name and version of the runtime. */
  engine: string;
  cpu: string;
  /** The GPU for WebGPU, or null. */
  gpu: string | null;
  /** Why there is none. */
  gpuNote?: string;
}

/** Name and version of this runtime. */
export function engine(): string {
  const host = globalThis as { Deno?: { version: { deno: string } }; Bun?: { version: string } };
  if (host.Deno !== undefined) return `Deno ${host.Deno.version.deno}`;
  if (host.Bun !== undefined) return `Bun ${host.Bun.version}`;
  return `Node ${process.versions.node}`;
}

/** The processor and the number of its cores. */
export function processor(): string {
  const cores = cpus();
  return `${cores[0]?.model.trim() || 'unknown'}, ${cores.length} core${cores.length === 1 ? '' : 's'}`;
}

async function findGpu(): Promise<{ gpu: string | null; gpuNote?: string }> {
  try {
    const { device, info } = await openDevice();
    const { description, vendor, architecture } = info;
    device.destroy();
    return { gpu: description || [vendor, architecture].filter(Boolean).join(' ') || 'unnamed' };
  } catch (error) {
    return { gpu: null, gpuNote: (error as Error).message.replace(/^device webgpu: /, '') };
  }
}

export async function info(version: string): Promise<Info> {
  const runtime = await init({ threads: 'auto' });
  return { version, engine: engine(), cpu: processor(), ...runtime, ...(await findGpu()) };
}

const kernels = { relaxed: 'WebAssembly, relaxed SIMD', simd128: 'WebAssembly SIMD', none: 'none: plain JavaScript' };

export function infoText({ version, engine, cpu, simd, wasmBytes, threads, threadsNote, gpu, gpuNote }: Info): string {
  const lines: [string, string][] = [
    ['saraf', version],
    ['runtime', engine],
    ['processor', cpu],
    ['kernels', `${kernels[simd]}${wasmBytes > 0 ? `, ${Math.round(wasmBytes / 1024)} KB` : ''}`],
    ['threads', `${threads}${threadsNote === undefined ? '' : ` (${threadsNote})`}`],
    ['WebGPU', gpu ?? `none: ${gpuNote}`],
  ];
  return lines.map(([name, value]) => `${name.padEnd(12)}${value}`).join('\n');
}

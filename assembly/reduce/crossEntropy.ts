export function crossEntropyKernel(cmd: usize, thread: u32, threads: u32): void {}
export function crossEntropyGradKernel(cmd: usize, thread: u32, threads: u32): void {}

export function cumsumKernel(cmd: usize, thread: u32, threads: u32): void {}

export function argReduceKernel(cmd: usize, thread: u32, threads: u32): void {}

export function reduceKernel(cmd: usize, thread: u32, threads: u32): void {}

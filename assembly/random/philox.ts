export function randomKernel(cmd: usize, thread: u32, threads: u32): void {}

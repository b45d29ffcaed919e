export function sgdKernel(cmd: usize, thread: u32, threads: u32): void {}

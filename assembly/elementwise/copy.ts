export function copyKernel(cmd: usize, thread: u32, threads: u32): void {}
export function fillKernel(cmd: usize, thread: u32, threads: u32): void {}

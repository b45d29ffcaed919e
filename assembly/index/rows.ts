export function takeRowsKernel(cmd: usize, thread: u32, threads: u32): void {}
export function addRowsKernel(cmd: usize, thread: u32, threads: u32): void {}

export function softmaxKernel(cmd: usize, thread: u32, threads: u32): void {}
export function softmaxGradKernel(cmd: usize, thread: u32, threads: u32): void {}

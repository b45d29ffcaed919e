/** How fast the CPU and the GPU of this machine are: microseconds, and amounts of work per microsecond. calibrate.ts measures them. */
export interface Rates {
  cpu: {
    /** Microseconds of a command that does almost nothing. */
    command: number;
    /** Floating-point operations per microsecond in small products, and in large ones, which threads share. */
    smallProduct: number;
    product: number;
    /** Elements per microsecond of a simple loop. */
    element: number;
  };
  gpu: {
    /** Microseconds from a submission to the first result. */
    roundTrip: number;
    /** Microseconds of a dispatch that does almost nothing. */
    launch: number;
    /** Floating-point operations per microsecond of one workgroup, and of all together. */
    workgroup: number;
    product: number;
    element: number;
    /** Bytes per microsecond to the GPU and back. */
    upload: number;
    download: number;
  };
}

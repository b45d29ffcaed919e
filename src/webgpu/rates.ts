/** How fast the CPU and the GPU of this machine are: microseconds, and what is done in a microsecond. calibrate.ts measures it. */
export interface Rates {
  cpu: {
    /** Microseconds of a command that does next to nothing. */
    command: number;
    /** Floating-point operations a microsecond in small products, and in large ones, which threads share. */
    smallProduct: number;
    product: number;
    /** Elements a microsecond of a simple loop. */
    element: number;
  };
  gpu: {
    /** Microseconds from a submission to the first result. */
    roundTrip: number;
    /** Microseconds of a dispatch that does next to nothing. */
    launch: number;
    /** Floating-point operations a microsecond of one workgroup, and of all together. */
    workgroup: number;
    product: number;
    element: number;
    /** Bytes a microsecond to the GPU and back. */
    upload: number;
    download: number;
  };
}

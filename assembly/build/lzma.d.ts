declare module 'lzma' {
  /** Compresses at a level from 1 to 9. The bytes are signed. */
  export function compress(data: Uint8Array, level: number): number[];
}

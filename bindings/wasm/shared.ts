/** The kernels import an unshared memory. Changing one byte of that import makes the same module accept a shared one, for threads. */

/** Reads an unsigned LEB128 number: its value, and where it ends. */
function leb(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]!;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value >>> 0, at];
  }
}

/** Offset of the flags byte of the memory import, which is the module's only import. */
function memoryFlagsOffset(bytes: Uint8Array): number {
  const importSection = 2;
  const memoryKind = 2;
  let at = 8;
  while (bytes[at] !== importSection) {
    const [size, start] = leb(bytes, at + 1);
    at = start + size;
  }
  const [, start] = leb(bytes, at + 1);
  const [, moduleName] = leb(bytes, start);
  const [moduleLength, moduleText] = leb(bytes, moduleName);
  const [fieldLength, fieldText] = leb(bytes, moduleText + moduleLength);
  const kind = fieldText + fieldLength;
  if (bytes[kind] !== memoryKind) throw new Error('saraf: the first import of the kernels is not their memory');
  return kind + 1;
}

/** A module's bytes, changed to import a shared memory. */
export function sharedModuleBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  const hasMaximum = 1;
  const isShared = 2;
  copy[memoryFlagsOffset(copy)] = hasMaximum | isShared;
  return copy;
}

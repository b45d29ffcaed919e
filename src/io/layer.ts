/** Layers as JSON: the form, and the functions that convert to it and back. */
import type { Module } from '../nn/module.ts';

/** A module as JSON: its kind and its constructor's arguments; or the number of an earlier one. */
export type Architecture = { kind: string; args: unknown[] } | { shared: number };

export type Encode = (module: Module) => Architecture;
/** `name`: that of the module's field, if the file gives it. */
export type Decode = (architecture: unknown, name?: string) => Module;

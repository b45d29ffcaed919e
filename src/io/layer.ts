/** How a layer is written as JSON, and what turns one into the other. */
import type { Module } from '../nn/module.ts';

/** A module as JSON: its kind and its constructor's arguments; or the number of one that has come before. */
export type Architecture = { kind: string; args: unknown[] } | { shared: number };

export type Encode = (module: Module) => Architecture;
/** `name`: that of the field where the module will stand, where the file gives it. */
export type Decode = (architecture: unknown, name?: string) => Module;

/** The kinds of fields that rows of the command table have; table.ts explains them. */
export type FieldKind = 'in' | 'out' | 'inout' | 'scratch' | 'tile' | 'u32' | 'i32' | 'f32' | 'bits' | 'dims';

/** Rows of the table: opcodes with their fields in order. */
export type CommandRows = Record<string, Record<string, FieldKind>>;

/** Numbers that other code shares with the command table: in a file of their own, so that importing them does not import the table. */

/** Dimensions that a tensor can have. */
export const MAX_DIMS = 6;

/** Elements that a strip works on at a time, and how many local blocks it may have: real addresses start behind them. */
export const STRIP_BLOCK = 4096;
export const STRIP_LOCALS = 15;

/** Counters of the four digits of a row's keys, which a sort needs. */
export const SORT_COUNTERS = 1024;

/** Gates of each kind of recurrent layer: blocks of hiddenSize rows in its weights. */
export const gateCounts = { rnnTanh: 1, rnnRelu: 1, lstm: 4, gru: 3 } as const;

/** 2·√(2/π) and the factor of the cube in GELU's approximation by tanh: Hendrycks and Gimpel (2016). */
export const TWICE_ROOT = 1.5957691216057308;
export const CUBE = 0.044715;

/** State of a worker's cell whose share trapped (assembly/team/team.ts): the leader learns that it never comes. */
export const FAILED = 5;

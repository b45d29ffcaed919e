/** Numbers that other code shares with the command table: in a file of their own, so that importing them does not import the table. */

/** Dimensions that a tensor can have. */
export const MAX_DIMS = 6;

/** Elements that a strip works on at a time, and how many local blocks it may have: real addresses start behind them. */
export const STRIP_BLOCK = 4096;
export const STRIP_LOCALS = 15;

/** 2·√(2/π) and the factor of the cube in GELU's approximation by tanh: Hendrycks and Gimpel (2016). */
export const TWICE_ROOT = 1.5957691216057308;
export const CUBE = 0.044715;

/** State of a worker's cell whose share trapped (assembly/team/team.ts): the leader learns that it never comes. */
export const FAILED = 5;

/** Numbers of the command table that all else needs too: a file of its own, so that these do not bring the table along. */

/** Dimensions that a tensor can have. */
export const MAX_DIMS = 6;

/** Elements that a strip works on at a time, and how many local blocks it may have: real addresses start behind them. */
export const STRIP_BLOCK = 4096;
export const STRIP_LOCALS = 15;

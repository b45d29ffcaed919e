/** Fields of commands on rows for the usual case. */

/** `addRows` without marks. */
export const unmarked = { marks: 0, first: 0 };
/** `sgd` of all elements. */
export const allRows = { index: 0, marks: 0, count: 0, inner: 0 };

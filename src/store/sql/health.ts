import type { Statement } from '../store.ts';

/** Readiness: the smallest question there is. */
export const ping: Statement = `SELECT 1 AS one`;

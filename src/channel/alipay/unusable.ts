import type { ChannelFaultCode, Outcome } from '../channel.ts';

type UnusableCode = Extract<ChannelFaultCode, 'unverified' | 'undocumented' | 'foreign_answer'>;

/**
 * Thrown while a statement is read; no line of the file is used then (money-safety.md K2).
 * unverified      the file contradicts itself: cut off, damaged, or its own sums say otherwise
 * undocumented    not the shape that Alipay's files have: a person looks
 * foreign_answer  another merchant's file, or another day's
 */
export class UnusableStatement extends Error {
  readonly code: UnusableCode;
  constructor(code: UnusableCode, detail: string) {
    super(detail);
    this.code = code;
  }
}

/** Runs a reader: all that it read, or `unknown` with the reason why nothing of it may be used. */
export async function wholeOrNothing<T>(read: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { outcome: 'done', value: await read() };
  } catch (error) {
    if (!(error instanceof UnusableStatement)) throw error;
    return { outcome: 'unknown', fault: { code: error.code, detail: error.message.slice(0, 300) } };
  }
}

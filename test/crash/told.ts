import type { InboundAnswer, OutboundRequest } from '#world';
import type { Configurations } from '../simulation/merchants.ts';
import type { Promised } from './promises.ts';

/** What a player is born with: one process that plays one story, and may be told at which point to die. */
export interface Cue {
  path: string;
  story: string;
  method: 'alipay' | 'wechat';
  seed: string;
  configurations: Configurations;
  startMs: number;
  /** Killed by itself at this point, the first is 1; 0 lives to the end. */
  dieAt: number;
}

/** What a player says to those who outlive it. Every message carries the time on its clock. */
export type FromPlayer = { nowMs: number } & (
  | { kind: 'send'; id: number; request: OutboundRequest }
  | { kind: 'tick'; id: number }
  | { kind: 'scan' | 'pay'; id: number; content: string; fen?: number }
  | { kind: 'weather'; id: number; change: Record<string, unknown> }
  | { kind: 'promise'; promised: Promised }
  | { kind: 'heard'; id: number; status: number; body: Uint8Array }
  | { kind: 'complain'; words: string }
  | { kind: 'end'; points: number; statements: number; told: string }
);

/** What they say to it: an answer, or none (a cut line); and notifications. */
export type ToPlayer =
  | { kind: 'answer'; id: number; answer: InboundAnswer | undefined }
  | {
      kind: 'hear';
      id: number;
      method: 'alipay' | 'wechat';
      headers: Record<string, string>;
      body: Uint8Array;
    };

import type { Happened } from './happenings.ts';
import { possible } from './happenings.ts';
import type { State } from './state.ts';
import { step } from './step.ts';
import type { Wish } from './wishes.ts';

/** A happening in words, by which a path can be told and walked again. */
export function inWords(state: State, happened: Happened): string {
  switch (happened.it) {
    case 'begin':
      return wishInWords(happened.wish);
    case 'answer':
    case 'act': {
      const errand = state.errands.find(({ id }) => id === happened.errand);
      const one = errand?.awaits.find(({ at }) => at === happened.at);
      const api = one?.kind === 'call' ? one.call.api : '?';
      return happened.it === 'act' ? `act ${api}` : `${api}: ${happened.say}`;
    }
    case 'settle_return':
      return `return ${happened.as}`;
    case 'break_return':
      return `break_return ${happened.as}`;
    case 'break_word':
      return `break_word ${happened.as}`;
    case 'clock':
      return `clock: ${happened.to}`;
    default:
      return happened.it;
  }
}

function wishInWords(wish: Wish): string {
  switch (wish.do) {
    case 'open':
      return `open ${wish.method}${wish.refresh ? ' refresh' : ''}${wish.insist ? ' insist' : ''}`;
    case 'cancel':
    case 'void':
      return `${wish.do}${wish.insist ? ' insist' : ''}`;
    case 'refund':
      return `refund ${wish.amountFen}`;
    case 'follow_payment':
    case 'follow_refund':
      return `${wish.do} ${wish.subject}`;
    case 'deliver':
      return `deliver ${wish.notice.id.split(' ')[0]}`;
    default:
      return wish.do;
  }
}

/** Walks a path that is told in words; each picks the first possible happening that is told so. */
export async function walk(from: State, words: readonly string[]): Promise<State> {
  let state = from;
  for (const word of words) {
    const happened = possible(state).find((one) => inWords(state, one) === word);
    if (happened === undefined) {
      const all = possible(state).map((one) => inWords(state, one));
      throw new Error(`"${word}" cannot happen here; what can: ${all.join(', ')}`);
    }
    state = (await step(state, happened)).state;
  }
  return state;
}

/** The words of a whole path, from its beginning. */
export async function retell(from: State, path: readonly Happened[]): Promise<string[]> {
  const words: string[] = [];
  let state = from;
  for (const happened of path) {
    words.push(inWords(state, happened));
    state = (await step(state, happened)).state;
  }
  return words;
}

/**
 * The weather: which troubles the channels make, by hand (each share and switch on its own) or by a
 * seed that fixes both what the weather is and how every draw falls.
 */
import type { Chance, ChannelName, Weather } from './contract.ts';
import { drawFrom, drawUnit, seededChance } from './chance.ts';

const shares = [
  'lose_request',
  'lose_answer',
  'answer_500',
  'answer_500_after_acting',
  'answer_html',
  'throttle',
  'answer_unsigned',
  'answer_wrong_signature',
  'answer_other_order',
  'answer_stale',
  'answer_unknown_code',
  'notify_lose',
  'notify_double',
  'notify_reorder',
  'notify_corrupt',
  'notify_forge',
  'notify_probe',
  'notify_wrong_amount',
  'not_exist_after_scan',
  'stale_unpaid',
  'refund_no_balance',
  'refund_abnormal',
  'statement_late',
  'statement_truncated',
  'statement_wrong_sum',
  'statement_wrong_hash',
  'statement_line_missing',
  'statement_line_differs',
  'wechat_close_while_paying',
  'wechat_refund_passing_404',
  'wechat_refund_closed',
] as const;

const waits = ['delay_ms', 'notify_delay_ms', 'refund_pending_ms', 'wechat_not_closed_after_204_ms'] as const;

const switches = [
  'silent',
  'notify_before_answer',
  'pay_after_close',
  'refund_stuck',
  'alipay_cancel_ends_unscanned_code',
  'alipay_full_refund_notifies',
  'alipay_timeout_counts_from_request',
  'alipay_notify_repeats_at_once',
  'wechat_repeat_ends_old_code',
  'wechat_repeat_revives_expired',
  'wechat_close_unknown_gives_204',
  'wechat_sign_business_errors',
  'wechat_number_refused_with_201',
  'wechat_204_blocks_late_create',
  'alipay_close_notifies',
] as const;

const channels = ['alipay', 'wechat', 'both'] as const;

const LONGEST_WAIT_MS = 86_400_000;

/** Fine weather. The habits stand as the references say they most likely are. */
export const calm: Weather = {
  channel: 'both',
  lose_request: 0,
  lose_answer: 0,
  answer_500: 0,
  answer_500_after_acting: 0,
  answer_html: 0,
  throttle: 0,
  answer_unsigned: 0,
  answer_wrong_signature: 0,
  answer_other_order: 0,
  answer_stale: 0,
  answer_unknown_code: 0,
  delay_ms: 0,
  silent: false,
  notify_lose: 0,
  notify_double: 0,
  notify_delay_ms: 0,
  notify_reorder: 0,
  notify_corrupt: 0,
  notify_forge: 0,
  notify_probe: 0,
  notify_before_answer: false,
  notify_wrong_amount: 0,
  not_exist_after_scan: 0,
  stale_unpaid: 0,
  pay_after_close: false,
  refund_pending_ms: 0,
  refund_no_balance: 0,
  refund_abnormal: 0,
  refund_stuck: false,
  statement_late: 0,
  statement_truncated: 0,
  statement_wrong_sum: 0,
  statement_wrong_hash: 0,
  statement_line_missing: 0,
  statement_line_differs: 0,
  alipay_cancel_ends_unscanned_code: false,
  alipay_full_refund_notifies: true,
  alipay_timeout_counts_from_request: false,
  alipay_notify_repeats_at_once: false,
  alipay_close_notifies: false,
  wechat_repeat_ends_old_code: false,
  wechat_repeat_revives_expired: true,
  wechat_close_unknown_gives_204: true,
  wechat_not_closed_after_204_ms: 0,
  wechat_sign_business_errors: true,
  wechat_close_while_paying: 0,
  wechat_number_refused_with_201: false,
  wechat_204_blocks_late_create: false,
  wechat_refund_passing_404: 0,
  wechat_refund_closed: 0,
};

/** What was wrong with a wish, for a problem answer: the field's name and the rule it broke. */
export interface BadField {
  field: string;
  rule: string;
}

export interface WeatherBoard {
  /** The weather as it stands for one channel: calm, but for habits, when it is meant for the other. */
  for(channel: ChannelName): Weather;
  /** The whole board as `GET /_sim/weather` shows it; `seed` is null when the weather is by hand. */
  state(): Weather & { seed: string | null };
  /** Merges a wish. Changes nothing when any field is bad. */
  merge(wish: unknown): BadField | undefined;
  draw(share: number): boolean;
}

export function createWeatherBoard(chance: Chance): WeatherBoard {
  let weather = calm;
  let seed: string | null = null;
  let draw = drawFrom(chance);

  return {
    for(channel) {
      if (weather.channel === 'both' || weather.channel === channel) return weather;
      return { ...calm, ...habitsOf(weather) };
    },
    state: () => ({ ...weather, seed }),
    merge(wish) {
      if (!isRecord(wish)) return { field: '', rule: 'must be a JSON object' };
      const bad = firstBadField(wish);
      if (bad !== undefined) return bad;
      const { reset, seed: newSeed, ...fields } = wish;
      if (reset === true) {
        weather = calm;
        seed = null;
        draw = drawFrom(chance);
      }
      if (typeof newSeed === 'string' || typeof newSeed === 'number') {
        seed = String(newSeed);
        const stream = seededChance(seed);
        weather = weatherFrom(stream);
        draw = drawFrom(stream);
      }
      weather = { ...weather, ...fields };
      return undefined;
    },
    draw: (share) => draw(share),
  };
}

/** Bad weather from a seed: a third of the troubles, each in up to 30 of 100 events. Habits stay. */
function weatherFrom(stream: Chance): Weather {
  const weather: Weather = { ...calm };
  for (const name of shares) {
    const [drawn, strength] = [drawUnit(stream), drawUnit(stream)];
    if (drawn < 1 / 3) weather[name] = Math.round(strength * 30) / 100;
  }
  weather.delay_ms = Math.round(drawUnit(stream) * 500);
  weather.notify_delay_ms = Math.round(drawUnit(stream) * 5000);
  return weather;
}

function habitsOf(weather: Weather): Partial<Weather> {
  return Object.fromEntries(Object.entries(weather).filter(([name]) => /^(alipay|wechat)_/.test(name)));
}

function firstBadField(wish: Record<string, unknown>): BadField | undefined {
  for (const [field, value] of Object.entries(wish)) {
    const rule = brokenRule(field, value);
    if (rule !== undefined) return { field, rule };
  }
  return undefined;
}

function brokenRule(field: string, value: unknown): string | undefined {
  if (isOneOf(shares, field)) return isNumberUpTo(value, 1) ? undefined : 'must be a share from 0 to 1';
  if (isOneOf(waits, field)) {
    return isNumberUpTo(value, LONGEST_WAIT_MS) ? undefined : 'must be milliseconds from 0 to 86400000';
  }
  if (isOneOf(switches, field)) return typeof value === 'boolean' ? undefined : 'must be true or false';
  if (field === 'channel') {
    return typeof value === 'string' && isOneOf(channels, value)
      ? undefined
      : 'must be alipay, wechat or both';
  }
  if (field === 'reset') return typeof value === 'boolean' ? undefined : 'must be true or false';
  if (field === 'seed') {
    const fits =
      value === null || typeof value === 'number' || (typeof value === 'string' && value.length <= 64);
    return fits ? undefined : 'must be a number, a text of at most 64 characters, or null';
  }
  return 'is not a kind of weather';
}

function isNumberUpTo(value: unknown, most: number): boolean {
  return typeof value === 'number' && value >= 0 && value <= most;
}

function isOneOf<T extends string>(names: readonly T[], name: string): name is T {
  return names.some((known) => known === name);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

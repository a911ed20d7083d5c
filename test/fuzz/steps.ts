import fc from 'fast-check';

/** One thing that somebody does. Numbers point into what there is by then, round and round. */
export type Step =
  | { do: 'bill'; fen: number }
  | {
      do: 'open';
      bill: number;
      method: 'alipay' | 'wechat';
      minutes: number;
      refresh: boolean;
      insist: boolean;
    }
  | { do: 'scan' | 'pay'; code: number }
  | { do: 'cancel'; session: number; insist: boolean }
  | { do: 'inquire'; session: number }
  | { do: 'void'; bill: number; insist: boolean }
  | { do: 'refund'; bill: number; fen: number }
  | { do: 'refund_line'; bill: number; line: number; fen: number }
  | { do: 'approve' | 'take_back'; refund: number }
  | { do: 'post'; item: number; bill: number }
  | { do: 'send_back' | 'hold' | 'close'; item: number }
  | { do: 'prescribe'; herbal: boolean }
  | { do: 'review'; rx: number; approve: boolean }
  | { do: 'void_rx'; rx: number; insist: boolean }
  | { do: 'tell_again'; notice: number }
  | { do: 'tell_lie'; session: number; fen: number }
  | { do: 'unknown_money'; fen: number }
  | { do: 'nonsense'; path: number; body: number }
  | { do: 'weather'; kind: (typeof weathers)[number] }
  | { do: 'wait'; ms: number }
  | { do: 'kill' };

export const weathers = [
  'calm',
  'notify_lose',
  'notify_double',
  'silent',
  'lose_answer',
  'answer_500_after_acting',
  'answer_wrong_signature',
  'throttle',
  'refund_stuck',
  'refund_no_balance',
  'refund_abnormal',
  'wechat_refund_closed',
  'stale_unpaid',
] as const;

const which = fc.nat({ max: 7 });
const yes = fc.boolean();
const seldom = fc.integer({ min: 0, max: 5 }).map((one) => one === 0);
const sums = fc.constantFrom(1, 100, 1_000, 12_850, 60_000);

const steps = {
  bill: fc.record({ do: fc.constant('bill' as const), fen: sums }),
  open: fc.record({
    do: fc.constant('open' as const),
    bill: which,
    method: fc.constantFrom('alipay' as const, 'wechat' as const),
    minutes: fc.constantFrom(1, 15, 120),
    refresh: seldom,
    insist: seldom,
  }),
  wallet: fc.record({ do: fc.constantFrom('scan' as const, 'pay' as const, 'pay' as const), code: which }),
  cancel: fc.record({ do: fc.constant('cancel' as const), session: which, insist: yes }),
  inquire: fc.record({ do: fc.constant('inquire' as const), session: which }),
  void: fc.record({ do: fc.constant('void' as const), bill: which, insist: yes }),
  refund: fc.record({ do: fc.constant('refund' as const), bill: which, fen: sums }),
  line: fc.record({
    do: fc.constant('refund_line' as const),
    bill: which,
    line: fc.constantFrom(1, 2),
    fen: sums,
  }),
  decide: fc.record({ do: fc.constantFrom('approve' as const, 'take_back' as const), refund: which }),
  post: fc.record({ do: fc.constant('post' as const), item: which, bill: which }),
  suspense: fc.record({
    do: fc.constantFrom('send_back' as const, 'hold' as const, 'close' as const),
    item: which,
  }),
  prescribe: fc.record({ do: fc.constant('prescribe' as const), herbal: yes }),
  review: fc.record({ do: fc.constant('review' as const), rx: which, approve: yes }),
  voidRx: fc.record({ do: fc.constant('void_rx' as const), rx: which, insist: yes }),
  again: fc.record({ do: fc.constant('tell_again' as const), notice: which }),
  lie: fc.record({ do: fc.constant('tell_lie' as const), session: which, fen: sums }),
  unknown: fc.record({ do: fc.constant('unknown_money' as const), fen: sums }),
  nonsense: fc.record({ do: fc.constant('nonsense' as const), path: which, body: which }),
  weather: fc.record({ do: fc.constant('weather' as const), kind: fc.constantFrom(...weathers) }),
  wait: fc.record({
    do: fc.constant('wait' as const),
    ms: fc.constantFrom(10, 300, 3_000, 40_000, 400_000, 4_000_000),
  }),
  kill: fc.constant({ do: 'kill' as const }),
};

const often = (arbitrary: fc.Arbitrary<Step>, weight: number): fc.WeightedArbitrary<Step> => ({
  arbitrary,
  weight,
});

/** What a channel says of money that no wallet gave: in half of the stories none says such a thing. */
const lies = new Set<Step['do']>(['tell_lie', 'unknown_money']);

/** A story: it begins with a bill and a code, so that what follows has something to meet. */
export const stories: fc.Arbitrary<Step[]> = fc
  .tuple(
    steps.bill,
    steps.open,
    fc.array(
      fc.oneof(
        often(steps.bill, 2),
        often(steps.open, 5),
        often(steps.wallet, 7),
        often(steps.cancel, 2),
        often(steps.inquire, 1),
        often(steps.void, 1),
        often(steps.refund, 4),
        often(steps.line, 1),
        often(steps.decide, 3),
        often(steps.post, 2),
        often(steps.suspense, 2),
        often(steps.prescribe, 1),
        often(steps.review, 1),
        often(steps.voidRx, 1),
        often(steps.again, 1),
        often(steps.lie, 1),
        often(steps.unknown, 1),
        often(steps.nonsense, 1),
        often(steps.weather, 3),
        often(steps.wait, 6),
        often(steps.kill, 1),
      ),
      { minLength: 4, maxLength: 30, size: 'max' },
    ),
    yes,
  )
  .map(([bill, open, more, honest]) => [bill, open, ...more.filter((step) => !honest || !lies.has(step.do))]);

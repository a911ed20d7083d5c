import { createAlipayGateway } from '../../simulator/alipay/index.ts';
import type {
  Deliver,
  Gateway,
  GatewayAnswer,
  GatewayRequest,
  Kernel,
  LedgerEntry,
  Weather,
} from '../../simulator/kernel/contract.ts';
import { calm } from '../../simulator/kernel/weather.ts';
import type { Merchants } from '../../simulator/merchant.ts';
import { createWechatGateway, type WechatGateway } from '../../simulator/wechat/index.ts';
import { payableAtGateways } from '../support/gateway-truth.ts';
import type { Agenda } from './agenda.ts';
import type { Stream } from './chance.ts';
import type { FaultName, Profile } from './profile.ts';
import type { Tally } from './tally.ts';

/** What of the profile the gateways do by themselves, by the names of the simulators' weather. */
const shares = [
  'answer_500',
  'answer_500_after_acting',
  'throttle',
  'answer_unknown_code',
  'answer_html',
  'answer_unsigned',
  'answer_wrong_signature',
  'answer_stale',
  'answer_other_order',
  'not_exist_after_scan',
  'stale_unpaid',
  'wechat_close_while_paying',
  'notify_lose',
  'notify_double',
  'notify_reorder',
  'notify_corrupt',
  'notify_forge',
  'notify_probe',
  'refund_no_balance',
  'refund_abnormal',
  'wechat_refund_passing_404',
  'wechat_refund_closed',
  'statement_late',
  'statement_truncated',
  'statement_wrong_sum',
  'statement_wrong_hash',
] as const satisfies readonly (FaultName & keyof Weather)[];

/** "Not there" is said of a scanned order for so long at most (money-safety.md 4.1). */
const NOT_THERE_MS = 10_000;

/** Both pretend channels in this process: their memory is `G`, their ledger `D` and `R` of money-safety.md 3.1. */
export class Gateways {
  readonly ledger: LedgerEntry[] = [];
  readonly kernel: Kernel;
  readonly wechat: WechatGateway;
  readonly #all: readonly Gateway[];
  readonly #documents = new Map<string, { toJSON?: () => unknown }>();
  readonly #scannedAt = new Map<string, number>();
  readonly #weather: Weather;
  readonly #notThere: number;
  #stream: Stream;

  constructor(given: {
    agenda: Agenda;
    merchants: Merchants;
    stream: Stream;
    profile: Profile;
    tally: Tally;
    deliver: Deliver;
    onMoney: (entry: LedgerEntry) => void;
  }) {
    const { agenda, merchants, stream, profile, tally } = given;
    const { weather, names } = weatherOf(profile, stream.fork('habits'));
    this.#weather = weather;
    this.#notThere = weather.not_exist_after_scan;
    this.#stream = stream;
    this.kernel = {
      clock: {
        now: () => agenda.nowMs,
        channelNow: () => agenda.nowMs,
        after: (delayMs, task) => agenda.after(delayMs, task),
      },
      chance: (bytes) => this.#stream.bytes(bytes),
      deliver: given.deliver,
      ledger: {
        add: (entry) => {
          this.ledger.push(entry);
          given.onMoney(entry);
        },
        all: () => this.ledger,
      },
      weather: () => this.#weather,
      draw: (share) => {
        const happens = share >= 1 || this.#stream.is(share);
        const name = names.get(share);
        if (happens && name !== undefined) tally.fault(name);
        return happens;
      },
      load: (name) => this.#documents.get(name)?.toJSON?.(),
      save: (name, state) => void this.#documents.set(name, state as { toJSON?: () => unknown }),
    };
    this.wechat = createWechatGateway(this.kernel, merchants.wechat);
    this.#all = [createAlipayGateway(this.kernel, merchants.alipay), this.wechat];
  }

  /** One request as it arrives. `stream` decides what the weather does to it. */
  handle(
    request: GatewayRequest,
    stream: Stream,
    outTradeNo: string | undefined,
    payFirst: boolean,
  ): Promise<GatewayAnswer> {
    this.#stream = stream;
    const scannedAt = this.#scannedAt.get(outTradeNo ?? '') ?? -Infinity;
    const fresh = this.kernel.clock.now() - scannedAt < NOT_THERE_MS;
    this.#weather.not_exist_after_scan = fresh ? this.#notThere : 0;
    this.#weather.notify_before_answer = payFirst;
    const gateway = this.#all.find((one) => one.serves(request.target));
    if (gateway === undefined) throw new Error(`nobody serves ${request.target}`);
    return gateway.handle(request);
  }

  /** The wallet scans. Answers the order's number, or undefined where the wallet would say no. */
  scan(content: string, payer: string): string | undefined {
    const result = this.#of(content).scan(content, payer);
    if (!result.ok) return undefined;
    this.#scannedAt.set(result.value.out_trade_no, this.kernel.clock.now());
    return result.value.out_trade_no;
  }

  pay(content: string, payer: string, amountFen?: number): LedgerEntry | undefined {
    const result = this.#of(content).pay(content, payer, amountFen);
    return result.ok ? result.value : undefined;
  }

  /** The numbers that somebody could pay now. */
  payable(): Set<string> {
    return payableAtGateways({ kernel: this.kernel });
  }

  /** Fine weather from now on, but for the statements of the next morning. Habits stay: they are no faults. */
  calm(): void {
    for (const name of shares) if (!name.startsWith('statement_')) this.#weather[name] = 0;
    this.#weather.notify_delay_ms = 0;
    this.#weather.refund_pending_ms = 0;
  }

  #of(content: string): Gateway {
    const gateway = this.#all.find((one) => one.knows(content));
    if (gateway === undefined) throw new Error('nobody knows this code');
    return gateway;
  }
}

/**
 * The profile as weather. Each share is made unlike every other by a hair, so that a draw that comes
 * true can be counted under its name.
 */
function weatherOf(profile: Profile, stream: Stream): { weather: Weather; names: Map<number, FaultName> } {
  const names = new Map<number, FaultName>();
  const weather: Weather = { ...calm };
  for (const [index, name] of shares.entries()) {
    if (profile[name] <= 0) continue;
    weather[name] = profile[name] + (index + 1) * 1e-9;
    names.set(weather[name], name);
  }
  const habit = (name: string): boolean => stream.fork(name).is(0.3);
  weather.notify_delay_ms = profile.notify_late > 0 ? Math.round(profile.notify_late * 20_000) : 0;
  weather.refund_pending_ms = habit('refund pending') ? stream.between(1_000, 40_000) : 0;
  weather.alipay_timeout_counts_from_request = habit('from request');
  weather.alipay_notify_repeats_at_once = habit('at once');
  weather.alipay_close_notifies = habit('close notifies');
  weather.alipay_full_refund_notifies = !habit('full refund');
  weather.wechat_repeat_ends_old_code = habit('ends old');
  weather.wechat_repeat_revives_expired = !habit('revives');
  weather.wechat_close_unknown_gives_204 = habit('unknown 204');
  weather.wechat_204_blocks_late_create = habit('blocks late');
  weather.wechat_not_closed_after_204_ms = habit('not closed yet') ? stream.between(500, 20_000) : 0;
  weather.wechat_sign_business_errors = !habit('unsigned errors');
  weather.wechat_number_refused_with_201 = habit('201');
  return { weather, names };
}

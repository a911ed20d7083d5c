/** Refunds and statements of the WeChat Pay adapter against the pretend gateway, over real HTTP. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ChannelReport, Order, Outcome, RefundRequest, StatementDay } from '#channel';
import { fen } from '#money';
import type { Weather } from '../simulator/kernel/contract.ts';
import {
  closeShops,
  DAY_MS,
  makeMerchants,
  NOW,
  openShop,
  readAll,
  type Shop,
} from './support/wechat-shop.ts';

beforeAll(makeMerchants);
afterEach(closeShops);

const HOUR_MS = 3_600_000;
/** The shop opens at 10:00 in Beijing on this day; its file is built 23 hours later. */
const DAY = '2026-11-23';

async function paid(shop: Shop): Promise<Order> {
  const order = shop.order();
  const result = shop.gateway.pay(await shop.code(order), 'payer-1');
  expect(result.ok).toBe(true);
  return order;
}

function refundOf(order: Order, change: Partial<RefundRequest> = {}): RefundRequest {
  return {
    outTradeNo: order.outTradeNo,
    outRefundNo: `${order.outTradeNo}_R1`,
    amountFen: fen(345),
    totalFen: order.amountFen,
    reason: '退款',
    notifyUrl: order.notifyUrl,
    ...change,
  };
}

/** `done accepted`, `unknown throttled`, `done whole`. */
function short(outcome: Outcome<ChannelReport> | Outcome<StatementDay>): string {
  if (outcome.outcome !== 'done') return `${outcome.outcome} ${outcome.fault.code}`;
  return `done ${'refund' in outcome.value ? outcome.value.refund.state : outcome.value.state}`;
}

const refunds = (shop: Shop) => shop.kernel.ledger.all().filter(({ kind }) => kind === 'refund');

describe('a refund', () => {
  it('is accepted, arrives, and is told alike by query and notification', async () => {
    const shop = await openShop();
    const order = await paid(shop);
    await readAll(shop);
    const request = refundOf(order);
    expect(short(await shop.channel.queryRefund(request))).toBe('done none');
    expect(short(await shop.channel.refund(request))).toBe('done accepted');
    await shop.clock.advance(60_000);
    const asked = await shop.channel.queryRefund(request);
    const [told] = await readAll(shop);
    if (asked.outcome !== 'done' || told?.verdict !== 'genuine') throw new Error('neither asked nor told');
    const [debit, refund] = shop.kernel.ledger.all();
    expect(asked.value).toMatchObject({
      about: 'refund',
      outTradeNo: order.outTradeNo,
      channelTradeNo: debit?.channel_trade_no,
      refund: {
        outRefundNo: request.outRefundNo,
        state: 'succeeded',
        amountFen: 345,
        refundedAtMs: refund?.at,
      },
    });
    const { currency: _, ...carried } = asked.value; // a refund's notification carries no currency
    expect(told.report).toEqual({ ...carried, source: 'notification', merchantId: shop.merchant.mchid });
  });

  it('is one refund however often it is sent, by either number of the payment', async () => {
    const shop = await openShop();
    const order = await paid(shop);
    const request = refundOf(order);
    const transaction = shop.kernel.ledger.all()[0]?.channel_trade_no ?? '';
    expect(short(await shop.channel.refund(request))).toBe('done accepted');
    expect(short(await shop.channel.refund({ ...request, channelTradeNo: transaction }))).toBe(
      'done accepted',
    );
    await shop.clock.advance(60_000);
    expect(short(await shop.channel.refund(request))).toBe('done succeeded');
    expect(refunds(shop)).toHaveLength(1);
  });

  it('with another amount under the same number is left to a query, which does not take it for ours', async () => {
    const shop = await openShop();
    const request = refundOf(await paid(shop));
    await shop.channel.refund(request);
    const other = { ...request, amountFen: fen(346) };
    expect(short(await shop.channel.refund(other))).toBe('unknown number_spent');
    expect(short(await shop.channel.queryRefund(other))).toBe('unknown foreign_answer');
  });

  it('of more than is left, or within a minute of another, is never a yes', async () => {
    const shop = await openShop();
    const order = await paid(shop);
    expect(short(await shop.channel.refund(refundOf(order)))).toBe('done accepted');
    const second = refundOf(order, { outRefundNo: 'R2', amountFen: order.amountFen });
    expect(short(await shop.channel.refund({ ...second, amountFen: fen(1) }))).toBe('unknown throttled');
    await shop.clock.advance(shop.channel.traits.betweenRefundsMs);
    expect(short(await shop.channel.refund(second))).toBe('unknown number_spent');
    expect(short(await shop.channel.queryRefund(second))).toBe('done none');
    expect(short(await shop.channel.refund({ ...second, amountFen: fen(1) }))).toBe('done accepted');
  });

  const ends: [Partial<Weather>, string][] = [
    [{ refund_stuck: true }, 'done accepted'],
    [{ refund_abnormal: 1 }, 'done abnormal'],
    [{ wechat_refund_closed: 1 }, 'done closed'],
  ];
  it.each(ends)('under %o ends %s, and no money has moved', async (weather, end) => {
    const shop = await openShop();
    const order = await paid(shop);
    await readAll(shop);
    shop.weather(weather);
    expect(short(await shop.channel.refund(refundOf(order)))).toBe('done accepted');
    await shop.clock.advance(60_000);
    const asked = await shop.channel.queryRefund(refundOf(order));
    expect(short(asked)).toBe(end);
    expect(refunds(shop)).toHaveLength(0);
    const told = await readAll(shop);
    const words = told.map((one) =>
      one.verdict === 'genuine' ? `done ${one.report?.refund?.state}` : one.reason,
    );
    expect(words).toEqual(end === 'done accepted' ? [] : [end]);
  });

  const passing: [Partial<Weather>, string][] = [
    [{ refund_no_balance: 1 }, 'unknown short_of_balance'],
    [{ wechat_refund_passing_404: 1 }, 'unknown system_error'],
    [{ throttle: 1 }, 'unknown throttled'],
    [{ answer_500: 1 }, 'unknown system_error'],
    [{ answer_html: 1 }, 'unknown silent'],
    [{ lose_request: 1 }, 'unknown silent'],
    [{ answer_unknown_code: 1 }, 'unknown undocumented'],
  ];
  it.each(passing)('under %o is %s, and the same number is accepted later', async (weather, trouble) => {
    const shop = await openShop();
    const order = await paid(shop);
    shop.weather(weather);
    expect(short(await shop.channel.refund(refundOf(order)))).toBe(trouble);
    shop.weather({});
    expect(short(await shop.channel.queryRefund(refundOf(order)))).toBe('done none');
    expect(short(await shop.channel.refund(refundOf(order)))).toBe('done accepted');
  });

  const acted: [Partial<Weather>, string][] = [
    [{ lose_answer: 1 }, 'unknown silent'],
    [{ answer_500_after_acting: 1 }, 'unknown system_error'],
    [{ answer_unsigned: 1 }, 'unknown unverified'],
    [{ answer_wrong_signature: 1 }, 'unknown unverified'],
    [{ answer_stale: 1 }, 'unknown unverified'],
  ];
  it.each(acted)('under %o is %s, and the query tells that it was accepted', async (weather, trouble) => {
    const shop = await openShop();
    const order = await paid(shop);
    shop.weather(weather);
    expect(short(await shop.channel.refund(refundOf(order)))).toBe(trouble);
    expect(short(await shop.channel.queryRefund(refundOf(order)))).toBe(trouble);
    shop.weather({});
    await shop.clock.advance(60_000);
    expect(short(await shop.channel.queryRefund(refundOf(order)))).toBe('done succeeded');
    expect(refunds(shop)).toHaveLength(1);
  });

  it('asked about, and answered about another, is not believed', async () => {
    const shop = await openShop();
    const order = await paid(shop);
    await shop.channel.refund(refundOf(order));
    shop.weather({ answer_other_order: 1 });
    expect(short(await shop.channel.queryRefund(refundOf(order)))).toBe('unknown foreign_answer');
  });

  it('of an order that was never paid is no definite no: the channel says the same of paid ones', async () => {
    const shop = await openShop();
    const order = shop.order();
    await shop.code(order);
    expect(short(await shop.channel.refund(refundOf(order)))).toBe('unknown system_error');
  });
});

describe('the statement of a day', () => {
  async function dayOf(shop: Shop, day = DAY) {
    const outcome = await shop.channel.fetchStatement(day);
    if (outcome.outcome !== 'done') throw new Error(JSON.stringify(outcome));
    return outcome.value.state === 'whole' ? [...outcome.value.lines] : outcome.value.state;
  }

  it('holds every fen of the ledger, and says of each payment what query and notification said', async () => {
    const shop = await openShop();
    const order = shop.order({ subject: '仁和门诊,医疗`服务费"\\', attach: 'p,1`\\2' });
    shop.gateway.pay(await shop.code(order), 'payer-1');
    const asked = await shop.channel.query(order.outTradeNo);
    if (asked.outcome !== 'done') throw new Error('not asked');
    await shop.channel.refund(refundOf(order));
    await shop.clock.advance(23 * HOUR_MS);
    const [debit, refund] = shop.kernel.ledger.all();
    const lines = await dayOf(shop);
    const { payerFen: _, ...report } = asked.value;
    expect(lines).toMatchObject([
      { lineNo: 1, feeMicro: 12345 * 6, report: { ...report, source: 'statement' } },
      {
        lineNo: 2,
        feeMicro: -345 * 6,
        report: {
          about: 'refund',
          outTradeNo: order.outTradeNo,
          channelTradeNo: debit?.channel_trade_no,
          merchantId: shop.merchant.mchid,
          refund: { outRefundNo: refund?.out_refund_no, state: 'succeeded', amountFen: refund?.amount_fen },
        },
      },
    ]);
    expect(Object.keys((lines[0] as { report: object }).report).sort()).toEqual(Object.keys(report).sort());
  });

  it('is there when the traits say so, and empty where nothing was traded', async () => {
    const shop = await openShop();
    await paid(shop);
    const midnight = Date.parse('2026-11-24T00:00:00+08:00');
    await shop.clock.advance(midnight - NOW);
    expect(await dayOf(shop)).toBe('not_ready');
    expect(await dayOf(shop, '2026-11-22')).toBe('empty');
    await shop.clock.advance(shop.channel.traits.statementAfterMs);
    expect(await dayOf(shop)).toHaveLength(1);
    await shop.clock.advance(DAY_MS);
    expect(await dayOf(shop, '2026-11-24')).toBe('empty');
    expect(short(await shop.channel.fetchStatement('2026-11-26'))).toBe('refused declined');
  });

  const weathers: [Partial<Weather>, string][] = [
    [{ statement_late: 1 }, 'done not_ready'],
    [{ statement_truncated: 1 }, 'unknown unverified'],
    [{ statement_wrong_sum: 1 }, 'unknown unverified'],
    [{ statement_wrong_hash: 1 }, 'unknown unverified'],
    [{ answer_wrong_signature: 1 }, 'unknown unverified'],
    [{ answer_unsigned: 1 }, 'unknown unverified'],
    [{ throttle: 1 }, 'unknown throttled'],
    [{ answer_500: 1 }, 'unknown system_error'],
    [{ answer_html: 1 }, 'unknown silent'],
    [{ lose_answer: 1 }, 'unknown silent'],
    [{ statement_line_missing: 1 }, 'done empty'], // of the only line: found by comparing alone
  ];
  it.each(weathers)('under %o is %s', async (weather, expected) => {
    const shop = await openShop();
    await paid(shop);
    await shop.clock.advance(23 * HOUR_MS);
    shop.weather(weather);
    expect(short(await shop.channel.fetchStatement(DAY))).toBe(expected);
    shop.weather({});
    expect(await dayOf(shop)).toHaveLength(1);
  });

  it('with a planted difference is whole, and tells it as it stands', async () => {
    const shop = await openShop();
    await paid(shop);
    await shop.clock.advance(23 * HOUR_MS);
    shop.weather({ statement_line_differs: 1 });
    expect(await dayOf(shop)).toMatchObject([{ report: { state: 'paid', totalFen: 12_346 } }]);
  });
});

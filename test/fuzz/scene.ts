import type { PaymentMethod } from '#channel';
import { migrate } from '#store';
import { systemWorld } from '#world';
import { makeAlipayMerchant } from '../../simulator/alipay/merchant.ts';
import type { Merchants } from '../../simulator/merchant.ts';
import { makeWechatMerchant } from '../../simulator/wechat/merchant.ts';
import { openClinic, TEN_O_CLOCK, type Clinic } from '../clinic.ts';
import { openStream } from '../simulation/chance.ts';
import { Complaints } from './complaints.ts';
import { WatchedConnection } from './watched-connection.ts';

const API = '/api/v1/finance';

/** Signatures stay real; a key of 512 bits signs several times as fast as one of 2048. */
const BITS = 512;

let made: Promise<Merchants> | undefined;

/** The pretend merchant of a whole run, with short keys. Its numbers are always the same. */
export function shortKeyed(): Promise<Merchants> {
  const wish = { bits: BITS, chance: openStream('merchants').bytes, nowMs: TEN_O_CLOCK - 86_400_000 };
  made ??= Promise.all([makeAlipayMerchant(wish), makeWechatMerchant({ ...wish, mode: 'migrating' })]).then(
    ([alipay, wechat]) => ({
      alipay,
      wechat,
    }),
  );
  return made;
}

export interface Watched {
  clinic: Clinic;
  connection: WatchedConnection;
  complaints: Complaints;
}

/** A clinic with short keys whose every write, and every error that it logs, is seen. */
export async function openWatched(options: { seed?: number; startMs?: number } = {}): Promise<Watched> {
  const connection = new WatchedConnection();
  const complaints = new Complaints();
  const engine = {
    name: 'sqlite' as const,
    openBare: () => Promise.resolve(connection.store()),
    async open() {
      const store = connection.store();
      await migrate(
        store,
        systemWorld(() => false),
      );
      return store;
    },
  };
  const clinic = await openClinic(engine, {
    ...options,
    merchants: await shortKeyed(),
    logger: complaints.logger,
    env: { ZHENFU_REVIEW_REQUIRED: 'true' },
  });
  return { clinic, connection, complaints };
}

/** A payment that notifications may speak of, as it stands in the scene. */
export interface Target {
  method: PaymentMethod;
  number: string;
  amountFen: number;
  appId: string;
  merchantId: string;
  attach: string;
  state: string;
  channelTradeNo: string | null;
  billId: number;
}

export interface RefundTarget {
  method: PaymentMethod;
  number: string;
  outRefundNo: string;
  amountFen: number;
  state: string;
}

/** A clinic in the middle of its day, as a database: every batch of notifications begins with it. */
export interface Scene {
  image: Uint8Array;
  merchants: Merchants;
  nowMs: number;
  targets: readonly Target[];
  refunds: readonly RefundTarget[];
}

const OPEN_CODES = 40;
const OF_EACH_OTHER_KIND = 4;

/** Lives through a busy hour: codes that wait, payments of every state, refunds of every state. */
export async function makeScene(): Promise<Scene> {
  const { clinic, connection } = await openWatched();
  const { world } = clinic;
  const sums = openStream('sums');
  const opened = async (method: PaymentMethod, fen = sums.between(1, 80_000)) => {
    const bill = await clinic.bill(fen === 404 ? 405 : fen);
    return { bill, ...(await clinic.open(bill, method)) };
  };
  const refund = (bill: number, fen: number) =>
    clinic.send('POST', `${API}/bills/${bill}/refunds`, { amount_fen: fen, reason: '退药' });

  for (const method of ['alipay', 'wechat'] as const) {
    for (let count = 0; count < OF_EACH_OTHER_KIND; count += 1) {
      const closed = await opened(method);
      clinic.scan(closed.qr_code_content);
      await clinic.cancel(closed.session_id, true);
      const voided = await opened(method);
      await clinic.call('POST', `${API}/bills/${voided.bill}/void`, { reason: '退号', insist: true });
      clinic.pay((await opened(method)).qr_code_content);
      await world.advance(1_000);
      const returned = await opened(method, 2_000);
      clinic.pay(returned.qr_code_content);
      await world.advance(1_000);
      await refund(returned.bill, 700);
      await world.advance(2_000);
    }
  }
  await world.doze(120_000);
  clinic.weather({ refund_stuck: true, refund_pending_ms: 9_000_000 });
  for (const method of ['alipay', 'wechat'] as const) {
    for (let count = 0; count < OF_EACH_OTHER_KIND; count += 1) {
      const pending = await opened(method, 3_000);
      clinic.pay(pending.qr_code_content);
      await world.advance(1_000);
      await refund(pending.bill, 1_000);
      await world.advance(2_000);
      await refund(pending.bill, 500);
      const large = await opened(method, 90_000);
      clinic.pay(large.qr_code_content);
      await world.advance(1_000);
      await refund(large.bill, 60_000);
    }
  }
  for (const method of ['alipay', 'wechat'] as const) {
    for (let count = 0; count < OPEN_CODES; count += 1) await opened(method);
  }
  const scene = {
    image: connection.image(),
    merchants: clinic.sim.merchants,
    nowMs: world.now(),
    ...(await clinic.store.read(async (tx) => ({
      targets: await tx.all<Target>(targetsOfScene),
      refunds: await tx.all<RefundTarget>(refundsOfScene),
    }))),
  };
  await clinic.close();
  return scene;
}

const targetsOfScene = `
  SELECT payment_method AS method, out_trade_no AS number, amount_fen AS "amountFen", app_id AS "appId",
    merchant_id AS "merchantId", attach, state, channel_trade_no AS "channelTradeNo", bill_id AS "billId"
  FROM payments ORDER BY id`;
const refundsOfScene = `
  SELECT p.payment_method AS method, p.out_trade_no AS number, r.out_refund_no AS "outRefundNo",
    r.amount_fen AS "amountFen", r.state
  FROM refunds r JOIN payments p ON p.id = r.payment_id ORDER BY r.id`;

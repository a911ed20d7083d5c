import type { ChannelReport, MerchantAccount } from '#channel';
import { keepAnswer } from '#inbox';
import { fen } from '#money';
import { applyEvidence, type Applied, type Parts } from '#session';
import type { Row, Value } from '#store';
import { openClinic, type Clinic } from '../clinic.ts';
import { sqlite } from '../engines.ts';

/** What the one bill of the desk costs, and what its one open payment asks for. */
export const OURS = 12_850;
export const PAID_AT = Date.UTC(2026, 10, 22, 1, 59, 30);

/** Fields of a report; `undefined` takes one out of it. */
export type Words = { [K in keyof ChannelReport]?: ChannelReport[K] | undefined };

/** A clinic with one bill and one WeChat Pay code, where nothing happens but the reports that a test makes. */
export interface ReportDesk {
  clinic: Clinic;
  parts: Parts;
  bill: number;
  account: MerchantAccount;
  /** out_trade_no of the open payment. */
  number: string;
  /** Keeps a report of that payment, whole but for `words`; answers its evidence. */
  kept(words?: Words, given?: Parts): Promise<number>;
  /** Keeps it and believes it. */
  hear(words?: Words, given?: Parts): Promise<Applied>;
  now(): number;
  all(text: string): Promise<Row[]>;
  one(text: string): Promise<Row>;
  set(text: string, ...values: Value[]): Promise<unknown>;
  payment(id?: number): Promise<Row>;
  session(): Promise<Row>;
  evidence(): Promise<Row>;
  alarms(): Promise<Row[]>;
  cases(): Promise<Row[]>;
  refunds(): Promise<Row[]>;
  /** Types of what the clinic's own system will hear. */
  told(): Promise<unknown[]>;
  lastEvents(entity: string, count: number): Promise<Row[]>;
  /** A second open payment of the bill, number ALONE, that stands on no screen. */
  withoutSession(): Promise<unknown>;
}

export async function openReportDesk(): Promise<ReportDesk> {
  const clinic = await openClinic(sqlite);
  const bill = await clinic.bill(OURS);
  const { session_id } = await clinic.open(bill, 'wechat');
  await clinic.app.worker.stop();
  const account = clinic.channels.get('wechat')?.account;
  if (account === undefined) throw new Error('no such channel');
  const { out_trade_no: number } = await clinic.session(session_id);
  let reports = 0;

  const report = (words: Words): ChannelReport => {
    reports += 1;
    const whole: Words = {
      method: 'wechat',
      source: 'query',
      about: 'payment',
      outTradeNo: number,
      state: 'paid',
      channelState: 'SUCCESS',
      appId: account.appId,
      merchantId: account.merchantId,
      totalFen: fen(OURS),
      currency: 'CNY',
      tradeType: 'NATIVE',
      channelTradeNo: '4200',
      paidAtMs: PAID_AT,
      payerFen: fen(OURS - 50),
      attach: `report ${reports}`,
      ...words,
    };
    const said = Object.entries(whole).filter(([, value]) => value !== undefined);
    return Object.fromEntries(said) as unknown as ChannelReport;
  };
  const desk: ReportDesk = {
    clinic,
    parts: clinic.app.parts,
    bill,
    account,
    number,
    kept: async (words = {}, given = desk.parts) => (await keepAnswer(given, report(words))).evidenceId,
    hear: async (words = {}, given = desk.parts) => applyEvidence(given, await desk.kept(words, given)),
    now: () => clinic.world.now(),
    all: (text) => clinic.store.read((tx) => tx.all(text)),
    one: async (text) => (await desk.all(text))[0] ?? {},
    set: (text, ...values) => clinic.store.transact('set', (tx) => tx.run(text, ...values)),
    payment: (id = 1) => desk.one(`SELECT * FROM payments WHERE id = ${id}`),
    session: () =>
      desk.one('SELECT status, phase, end_reason, shown_bill_id, version FROM payment_sessions WHERE id = 1'),
    evidence: () =>
      desk.one('SELECT id, applied_at, result, payment_id, suspense_id FROM evidence ORDER BY id DESC'),
    alarms: () => desk.all('SELECT code, entity, entity_id, detail, times FROM alarms'),
    cases: () =>
      desk.all(`SELECT reason, subject, evidence_id, payment_id, amount_fen, detail, state, opened_at
        FROM suspense ORDER BY id`),
    refunds: () => desk.all('SELECT * FROM refunds ORDER BY id'),
    told: async () => (await desk.all('SELECT type FROM outbox ORDER BY id')).map(({ type }) => type),
    async lastEvents(entity, count) {
      const events =
        await desk.all(`SELECT entity_id, happening, from_state, to_state, actor, reason, evidence_id, at
        FROM events WHERE entity = '${entity}' ORDER BY id DESC LIMIT ${count}`);
      return events.toReversed();
    },
    withoutSession: () =>
      desk.set(`INSERT INTO payments (clinic_id, bill_id, out_trade_no, payment_method, amount_fen, qr_code_expires_at,
          app_id, merchant_id, configuration_id, subject, attach, notify_url, state, version, created_at, updated_at)
        SELECT clinic_id, bill_id, 'ALONE', payment_method, amount_fen, qr_code_expires_at, app_id, merchant_id,
          configuration_id, subject, attach, notify_url, 'open', 1, created_at, updated_at FROM payments WHERE id = 1`),
  };
  return desk;
}

/** An alarm that was raised once. */
export function alarm(code: string, entity: string, id: number, detail: string): Row {
  return { code, entity, entity_id: id, detail, times: 1 };
}

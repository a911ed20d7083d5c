import { fenFromYuan } from '#money';
import { parseBeijing } from '#world';
import type { ChannelReport, NotificationReading, NotificationRefusal, RefundReport } from '../channel.ts';
import { decodeForm, type FormField } from './form.ts';
import { amountTold, stateOf } from './translate.ts';
import type { Trust, VerifyingKey } from './trust.ts';
import { signer } from './verify.ts';

/**
 * Verifies a notification over the bytes that came, then reads it (alipay.md 4.2, 4.3). It sends nothing:
 * what a stranger posts must not make us call anybody, so a certificate we do not hold is refused here,
 * and learnt from the next answer to a query of ours.
 */
export function readNotification(body: Uint8Array, trust: Trust): NotificationReading {
  const form = decodeForm(body);
  if (form === undefined) return refused('malformed', 'not a form in its charset, or a name given twice');
  const sign = valueOf(form, 'sign');
  if (sign === undefined) return refused('signature_missing', 'no sign');
  // The algorithm is ours to choose, never the message's: RSA (SHA-1) is refused.
  if (valueOf(form, 'sign_type') !== 'RSA2') return refused('malformed', 'sign_type is not RSA2');

  const verified = verifyForm(form, sign, trust);
  if (verified === undefined) {
    const certSn = valueOf(form, 'alipay_cert_sn');
    const unknown = certSn !== undefined && trust.certificates?.holds(certSn) === false;
    return refused(unknown ? 'key_unknown' : 'signature_wrong', 'no key of ours verifies it');
  }
  const fields = new Map(verified.signed.map((field) => [field.name, field]));
  const notificationId = valueOf(fields, 'notify_id');
  if (notificationId === undefined) return refused('malformed', 'no notify_id');
  const report = reportFrom(fields);
  if (report === 'unreadable') return refused('malformed', 'no app_id or amount that can be read');
  return {
    verdict: 'genuine',
    notificationId,
    report,
    words: verified.signed.map(({ name, value }) => `${name}=${value}`).join('&'),
    keyId: verified.key.id,
  };
}

function refused(reason: NotificationRefusal, detail: string): NotificationReading {
  return { verdict: 'refused', reason, detail };
}

/**
 * Everything that arrived is signed, but `sign` and `sign_type` (4.3.3). Two points that no source settles
 * are tried both ways, first with all that arrived: empty values (4.3.6), and `alipay_cert_sn` (1.8).
 * Only what the signature covers is handed on.
 */
function verifyForm(
  form: ReadonlyMap<string, FormField>,
  sign: string,
  trust: Trust,
): { signed: FormField[]; key: VerifyingKey } | undefined {
  const all = [...form.values()]
    .filter(({ name }) => name !== 'sign' && name !== 'sign_type')
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const uncertified = all.filter(({ name }) => name !== 'alipay_cert_sn');

  let tried = '';
  for (const signed of [all, filled(all), uncertified, filled(uncertified)]) {
    const names = signed.map(({ name }) => name).join('&');
    if (names === tried) continue; // nothing was there to leave out
    tried = names;
    const key = signer(bytesOf(signed), sign, trust.keys);
    if (key !== undefined) return { signed, key };
  }
  return undefined;
}

/** `name=value&name=value` as bytes: the values exactly as they came, in whatever charset. */
function bytesOf(fields: readonly FormField[]): Uint8Array {
  return Buffer.concat(
    fields.flatMap(({ name, bytes }, index) => [Buffer.from(`${index === 0 ? '' : '&'}${name}=`), bytes]),
  );
}

function filled(fields: readonly FormField[]): FormField[] {
  return fields.filter(({ value }) => value !== '');
}

function valueOf(fields: ReadonlyMap<string, FormField>, name: string): string | undefined {
  const value = fields.get(name)?.value;
  return value === '' ? undefined : value;
}

/**
 * The report of a verified notification; undefined when it is about nothing that we keep books on.
 * A `refund_fee` above zero or a `gmt_refund` makes it a refund report: TRADE_SUCCESS again, or
 * TRADE_CLOSED, is then no second payment and no end, though it proves that the payment took place
 * (4.4). The mere presence of `refund_fee` proves nothing: payments carry `0.00`.
 */
function reportFrom(fields: ReadonlyMap<string, FormField>): ChannelReport | undefined | 'unreadable' {
  const outTradeNo = valueOf(fields, 'out_trade_no');
  const channelState = valueOf(fields, 'trade_status');
  const state = stateOf(channelState ?? '');
  if (valueOf(fields, 'notify_type') !== 'trade_status_sync') return undefined;
  if (outTradeNo === undefined || channelState === undefined || state === undefined) return undefined;

  const appId = valueOf(fields, 'app_id');
  const totalFen = fenFromYuan(valueOf(fields, 'total_amount') ?? '');
  const refund = refundFrom(fields);
  if (appId === undefined || totalFen === undefined || refund === 'unreadable') return 'unreadable';
  const merchantId = valueOf(fields, 'seller_id');
  const channelTradeNo = valueOf(fields, 'trade_no');
  const paidAtMs = parseBeijing(valueOf(fields, 'gmt_payment') ?? '');
  const payerFen = amountTold(valueOf(fields, 'buyer_pay_amount'));
  const attach = attachOf(valueOf(fields, 'passback_params'));
  return {
    method: 'alipay',
    source: 'notification',
    about: refund === undefined ? 'payment' : 'refund',
    outTradeNo,
    state: refund === undefined ? state : 'paid',
    channelState,
    appId,
    totalFen,
    ...(merchantId !== undefined && { merchantId }),
    ...(channelTradeNo !== undefined && { channelTradeNo }),
    ...(paidAtMs !== undefined && { paidAtMs }),
    ...(payerFen !== undefined && { payerFen }),
    ...(attach !== undefined && { attach }),
    ...(refund !== undefined && { refund }),
  };
}

/** What a notification says of a refund; `refund_fee` is the sum of all refunds of the trade so far. */
function refundFrom(fields: ReadonlyMap<string, FormField>): RefundReport | undefined | 'unreadable' {
  const cumulativeFen = fenFromYuan(valueOf(fields, 'refund_fee') ?? '0');
  const refundedAt = valueOf(fields, 'gmt_refund');
  if (cumulativeFen === undefined) return 'unreadable';
  if (cumulativeFen === 0 && refundedAt === undefined) return undefined;
  const outRefundNo = valueOf(fields, 'out_biz_no');
  const refundedAtMs = parseBeijing(refundedAt ?? '');
  return {
    state: 'succeeded',
    ...(outRefundNo !== undefined && { outRefundNo }),
    ...(cumulativeFen > 0 && { cumulativeFen }),
    ...(refundedAtMs !== undefined && { refundedAtMs }),
  };
}

/** `passback_params` comes back as it was sent: percent-encoded. What does not decode is kept as it is. */
function attachOf(passback: string | undefined): string | undefined {
  try {
    return passback === undefined ? undefined : decodeURIComponent(passback);
  } catch {
    return passback;
  }
}

import type { ChannelFaultCode } from '../channel.ts';

/**
 * What an answer of the gateway comes to, before its business fields are looked at: success, an answer
 * of its own kind, or a fault of ours by name.
 */
export type Reading = 'done' | 'no_trade' | 'not_closable' | 'no_statement' | ChannelFaultCode;

/** The APIs of this adapter, by the name of their table. */
export const apis = [
  'precreate',
  'query',
  'close',
  'cancel',
  'refund',
  'refund_query',
  'statement',
  'certificate',
] as const;
export type Api = (typeof apis)[number];

type Codes = Readonly<Record<string, Reading>>;

/**
 * Business failures (code 40004), per API, keyed by the part after the last dot: `ACQ.SYSTEM_ERROR`,
 * Alipay's misspelt `AQC.SYSTEM_ERROR` and `aop.ACQ.SYSTEM_ERROR` are one. A trailing `*` names a family.
 * Source: alipay.md 2.1 to 2.7; each code there stands here.
 */
export const businessCodes: Readonly<Record<Api, Codes>> = {
  precreate: {
    SYSTEM_ERROR: 'system_error',
    INVALID_PARAMETER: 'bug',
    SUB_GOODS_SIZE_MAX_COUNT: 'bug',

    // The number has a past. Whether it is paid, closed or waiting only a query tells: never a plain no.
    CONTEXT_INCONSISTENT: 'number_spent',
    TRADE_HAS_SUCCESS: 'number_spent',
    TRADE_HAS_CLOSE: 'number_spent',
    APPLY_PC_MERCHANT_CODE_ERROR: 'number_spent',
    TRADE_BUYER_NOT_MATCH: 'number_spent', // somebody has scanned it: a trade with a buyer exists

    EXIST_FORBIDDEN_WORD: 'declined',
    TOTAL_FEE_EXCEED: 'declined',
    BUYER_SELLER_EQUAL: 'declined',
    BUYER_ENABLE_STATUS_FORBID: 'declined',
    BUYER_NOT_EXIST: 'declined',
    ERROR_BUYER_CERTIFY_LEVEL_LIMIT: 'declined',
    BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR: 'declined',
    BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR: 'declined',
    BEYOND_PAY_RESTRICTION: 'declined',

    ACCESS_FORBIDDEN: 'configuration',
    PARTNER_ERROR: 'configuration',
    NOW_TIME_AFTER_EXPIRE_TIME_ERROR: 'configuration', // our clock is wrong
    BEYOND_PER_RECEIPT_RESTRICTION: 'configuration',
    BEYOND_PER_RECEIPT_SINGLE_RESTRICTION: 'configuration',
    BEYOND_PER_RECEIPT_DAY_RESTRICTION: 'configuration',
    MERCHANT_PERM_RECEIPT_SUSPEND_LIMIT: 'configuration',
    MERCHANT_PERM_RECEIPT_SINGLE_LIMIT: 'configuration',
    MERCHANT_PERM_RECEIPT_DAY_LIMIT: 'configuration',
    SELLER_BEEN_BLOCKED: 'configuration',
    MERCHANT_STATUS_NOT_NORMAL: 'configuration',
    SELLER_NOT_EXIST: 'configuration',
    INVALID_RECEIVE_ACCOUNT: 'configuration',
    INVALID_STORE_ID: 'configuration',
    RISK_MERCHANT_IP_NOT_EXIST: 'configuration',
    'SECONDARY_MERCHANT_*': 'configuration',
    TRADE_SETTLE_ERROR: 'configuration',
    DEFAULT_SETTLE_RULE_NOT_EXIST: 'configuration',
  },
  query: {
    TRADE_NOT_EXIST: 'no_trade', // nobody has scanned yet: quiet, not failed (3.4)
    SYSTEM_ERROR: 'system_error',
    INVALID_PARAMETER: 'bug',
    ENTERPRISE_PAY_BIZ_ERROR: 'configuration',
  },
  close: {
    TRADE_NOT_EXIST: 'no_trade', // nothing to close, and the code stays payable (2.4)
    TRADE_STATUS_ERROR: 'not_closable',
    REASON_TRADE_STATUS_INVALID: 'not_closable',
    REASON_ILLEGAL_STATUS: 'not_closable',
    SYSTEM_ERROR: 'system_error',
    INVALID_PARAMETER: 'bug',
  },
  cancel: {
    SYSTEM_ERROR: 'system_error',
    INVALID_PARAMETER: 'bug',
    SELLER_BALANCE_NOT_ENOUGH: 'declined',
    TRADE_HAS_FINISHED: 'declined',
    TRADE_CANCEL_TIME_OUT: 'declined',
    REASON_TRADE_REFUND_FEE_ERR: 'declined',
    REASON_TRADE_BEEN_FREEZEN: 'configuration',
    CANCEL_NOT_ALLOWED: 'configuration',
  },
  // A no here is about this one call. Whether an earlier call under the same number moved the money only
  // refund.query tells, so nothing is freed on a no alone (money-safety.md J4).
  refund: {
    SYSTEM_ERROR: 'system_error',
    INVALID_PARAMETER: 'bug',

    SELLER_BALANCE_NOT_ENOUGH: 'short_of_balance',
    REFUND_CHARGE_ERROR: 'system_error', // our fee did not come back: later, under the same number

    // The number names a refund of another amount: a bug of ours, but money may have moved under it.
    DISCORDANT_REPEAT_REQUEST: 'number_spent',
    // "Not paid (yet)", of a trade that we know as paid: Alipay's own copies disagree, so a query decides.
    TRADE_STATUS_ERROR: 'number_spent',
    REASON_TRADE_STATUS_INVALID: 'number_spent',

    REFUND_AMT_NOT_EQUAL_TOTAL: 'declined',
    REASON_TRADE_REFUND_FEE_ERR: 'declined',
    REFUND_FEE_ERROR: 'declined',
    TRADE_NOT_EXIST: 'declined',
    TRADE_HAS_CLOSE: 'declined', // refunded in full already, or never paid
    TRADE_HAS_FINISHED: 'declined', // the refund period is over
    TRADE_NOT_ALLOW_REFUND: 'declined',
    NOT_ALLOW_PARTIAL_REFUND: 'declined',
    ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND: 'declined',
    BUYER_ERROR: 'declined', // from here on: the payer's account cannot take it
    BUYER_NOT_EXIST: 'declined',
    BUYER_ENABLE_STATUS_FORBID: 'declined',
    CUSTOMER_VALIDATE_ERROR: 'declined',
    USER_NOT_MATCH_ERR: 'declined',
    REFUND_ACCOUNT_NOT_EXIST: 'declined',

    REASON_TRADE_BEEN_FREEZEN: 'configuration', // by risk control: an operator speaks with Alipay
    TRADE_SETTLE_ERROR: 'configuration',
    ALLOC_AMOUNT_VALIDATE_ERROR: 'configuration',
    REFUND_ROYALTY_PAYEE_ACCOUNT_NOT_EXIST: 'configuration',
    REFUNDALLOC_UNAUTH_LIMIT: 'configuration',
    'OVERDRAFT_*': 'configuration',
    CURRENCY_NOT_SUPPORT: 'configuration',
    ENTERPRISE_PAY_BIZ_ERROR: 'configuration',
  },
  refund_query: {
    TRADE_NOT_EXIST: 'no_trade', // listed with and without its prefix (2.6)
    SYSTEM_ERROR: 'system_error',
    INVALID_PARAMETER: 'bug',
    ENTERPRISE_PAY_BIZ_ERROR: 'configuration',
  },
  // These come without `ACQ.`, and are spelt as they are spelt (2.7).
  statement: {
    NO_BILL_DATA: 'no_statement',
    BILL_NOT_EXIST: 'no_statement',
    INVAILID_ARGUMENTS: 'bug',
    BILL_DATE_BEFORE_REGISTRATION: 'configuration',
    TYPE_NOT_SUPPORTED: 'configuration',
    UNKNOWN_ERROR: 'system_error',
    UNKNOW_ERROR: 'system_error',
    SYSTEM_ERROR: 'system_error',
    SYSTEM_RATE_LIMIT: 'throttled',
    USER_RATE_LIMIT: 'throttled',
  },
  certificate: { SYSTEM_ERROR: 'system_error' },
};

/**
 * What the gateway itself says before any API acts: codes 20001, 40001, 40002, 40003 and 40006, no money
 * moved. Source: alipay.md 1.8 to 1.10, 3.1, 3.2.
 */
export const gatewayCodes: Codes = {
  'missing-*': 'bug',
  'invalid-*': 'bug',
  'illegal-json': 'bug',
  'suspected-attack': 'bug', // one of our values looks like an injected parameter
  'decryption-error-*': 'configuration',

  'missing-signature-config': 'configuration',
  'missing-app-cert-sn': 'configuration',
  'missing-alipay-root-cert-sn': 'configuration',
  'missing-encrypt-type': 'configuration',
  'missing-encrypt-key': 'configuration',
  'invalid-encrypt': 'configuration',
  'invalid-encrypt-type': 'configuration',
  'invalid-alipay-root-cert-sn': 'configuration',
  'invalid-signature': 'configuration',
  'invalid-app-id': 'configuration',
  'invalid-app-state': 'configuration',
  'invalid-timestamp': 'configuration', // the clock or its zone
  'invalid-subscribe-relations': 'configuration',
  'invalid-product': 'configuration',
  'invalid-auth-token': 'configuration',
  'invalid-app-auth-token': 'configuration',
  'auth-token-time-out': 'configuration',
  'app-cert-expired': 'configuration',
  'app-cert-not-exist': 'configuration',
  'alipay-cert-not-exist': 'configuration',
  'unsupported-expired-app-key-sign': 'configuration',
  'app-key-security-risk': 'configuration',
  'illegal-client-ip': 'configuration',
  'not-online-app': 'configuration',
  'forbidden-api': 'configuration',
  'self-invoke-forbidden': 'configuration',
  'exceed-api-balance': 'configuration',
  'insufficient-isv-permissions': 'configuration',
};

/**
 * Failures found before the gateway knows who asks, or with nothing of ours to sign for. Only these may
 * come unsigned and still count as a no (1.6, 1.7; rows 1 to 3 of 1.10). Every other failure is signed.
 */
const beforeAuthentication: ReadonlySet<string> = new Set([
  'missing-method',
  'invalid-method',
  'missing-app-id',
  'invalid-app-id',
  'missing-signature',
  'missing-signature-type',
  'missing-signature-config',
  'missing-timestamp',
  'invalid-timestamp',
  'missing-version',
  'invalid-charset',
]);

/**
 * Reads `code` first, and `sub_code` only where the code leaves it open (3.1). What no page lists is
 * `undocumented`, which is unknown and never a no.
 * signed   false: the answer carries no signature at all
 */
export function readCode(api: Api, code: string, subCode: string, signed: boolean): Reading {
  // Both are unknown whatever else they say, so they need no signature to be heeded.
  if (code === '20000') return 'system_error';
  if (code === '40005') return 'throttled';

  const tail = subCode.slice(subCode.lastIndexOf('.') + 1);
  if (!signed && (code === '10000' || !beforeAuthentication.has(tail))) return 'unverified';
  switch (code) {
    case '10000':
      return 'done';
    case '40004':
      return lookUp(businessCodes[api], tail);
    case '20001':
    case '40001':
    case '40002':
    case '40003':
    case '40006':
      return lookUp(gatewayCodes, tail);
    default:
      return 'undocumented';
  }
}

function lookUp(codes: Codes, tail: string): Reading {
  if (Object.hasOwn(codes, tail) && !tail.endsWith('*')) return codes[tail] ?? 'undocumented';
  const family = Object.keys(codes).find((name) => name.endsWith('*') && tail.startsWith(name.slice(0, -1)));
  return family === undefined ? 'undocumented' : (codes[family] ?? 'undocumented');
}

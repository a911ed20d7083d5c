import type { ChannelFaultCode } from '../channel.ts';

export type Api =
  | 'create'
  | 'query'
  | 'close'
  | 'certificates'
  | 'refund'
  | 'refund_query'
  | 'statement' // 申请交易账单
  | 'file'; // the download behind it

/** Error answers that are news and no trouble. */
const news = [
  'no_such_order', // no order of this number now, which proves nothing by itself
  'not_closable', // paid, being paid or closed already: a query decides
  'no_such_refund', // no refund of this number was accepted so far
  'no_statement', // nothing was traded that day
  'statement_not_ready',
] as const;
export type News = (typeof news)[number];

/** What a documented error answer means for us. */
export type Meaning =
  | Extract<
      ChannelFaultCode,
      | 'silent'
      | 'throttled'
      | 'system_error'
      | 'undocumented'
      | 'configuration'
      | 'declined'
      | 'number_spent'
      | 'short_of_balance'
      | 'bug'
    >
  | News;

export function isNews(meaning: Meaning): meaning is News {
  return news.some((one) => one === meaning);
}

const operate = 'configuration';
const declined = 'declined';
const bug = 'bug';
const spent = 'number_spent';
const short = 'short_of_balance';
const passing = 'system_error';
const none = 'no_such_order';
const not_closable = 'not_closable';
const no_refund = 'no_such_refund';
const empty = 'no_statement';
const later = 'statement_not_ready';
const ______ = 'undocumented';

/**
 * Every error code that the pages document for our calls, with its HTTP status; `4xx` where the pages
 * leave the status open. A code that stands elsewhere than documented is undocumented, and thereby
 * unknown. 401, 429 and 5xx are told by their status alone, below.
 *
 * INVALID_REQUEST of a create is also what a number gives that was used with other parameters, or is
 * closed ("201 商户订单号重复"): the code cannot tell, so a query must (6.5).
 *
 * source   WeChat Pay v3, error tables of Native下单, 查询订单, 关闭订单 (wechatpay.md 5, 6.1, 6.6, 6.7)
 */
// oxfmt-ignore
export const documented: Readonly<Record<string, readonly [Meaning, Meaning, Meaning, Meaning]>> = {
  //                            create     query      close         certificates
  '400 PARAM_ERROR':           [bug,       bug,       bug,          bug],
  '400 INVALID_REQUEST':       [spent,     bug,       bug,          bug],
  '400 APPID_MCHID_NOT_MATCH': [operate,   operate,   operate,      ______],
  '400 MCH_NOT_EXISTS':        [operate,   operate,   operate,      operate],
  '404 MCH_NOT_EXISTS':        [operate,   operate,   operate,      operate],
  '403 NO_AUTH':               [operate,   operate,   operate,      operate],
  '403 RULE_LIMIT':            [______,    declined,  not_closable, ______],
  '403 TRADE_ERROR':           [______,    declined,  not_closable, ______],
  '403 OUT_TRADE_NO_USED':     [spent,     ______,    ______,       ______],
  '4xx ORDER_PAID':            [spent,     ______,    not_closable, ______],
  '4xx ORDER_CLOSED':          [spent,     ______,    not_closable, ______],
  '4xx USER_PAYING':           [______,    ______,    not_closable, ______],
  '404 ORDER_NOT_EXIST':       [______,    none,      none,         ______],
  '404 RESOURCE_NOT_EXISTS':   [______,    ______,    ______,       operate], // no platform certificates: use the public key
  '404 NOT_FOUND':             [______,    ______,    ______,       operate],
};

/**
 * The same for what comes after a payment. A refund's INVALID_REQUEST may mean that an earlier request
 * with this number was accepted, and its RESOURCE_NOT_EXISTS is also given for orders paid minutes
 * before, while the same request succeeds later: neither is a definite no (9.1). A file's
 * INVALID_REQUEST is an address that has passed its five minutes: ask for another.
 *
 * source   WeChat Pay v3, error tables of 退款申请, 查询单笔退款, 申请交易账单, 下载账单 (wechatpay.md 9.1, 9.4, 10.2)
 */
// oxfmt-ignore
export const documentedAfterwards: Readonly<Record<string, readonly [Meaning, Meaning, Meaning, Meaning]>> = {
  //                            refund     refund_query statement  file
  '400 PARAM_ERROR':           [bug,       bug,         bug,       passing],
  '400 INVALID_REQUEST':       [spent,     bug,         declined,  passing],
  '400 MCH_NOT_EXISTS':        [operate,   operate,     operate,   operate],
  '404 MCH_NOT_EXISTS':        [operate,   operate,     operate,   operate],
  '403 NO_AUTH':               [operate,   operate,     operate,   operate],
  '403 NOT_ENOUGH':            [short,     ______,      ______,    ______],
  '403 USER_ACCOUNT_ABNORMAL': [declined,  ______,      ______,    ______],
  '4xx TRADE_OVERDUE':         [declined,  ______,      ______,    ______],
  '4xx REFUND_FEE_MISMATCH':   [spent,     ______,      ______,    ______],
  '404 RESOURCE_NOT_EXISTS':   [passing,   no_refund,   ______,    ______],
  '400 NO_STATEMENT_EXIST':    [______,    ______,      empty,     ______],
  '400 STATEMENT_CREATING':    [______,    ______,      later,     ______],
};

/** On 5xx these say that the channel does not know; anything else on 5xx is noise of an entry point. */
const systemErrors = ['SYSTEM_ERROR', 'BANK_ERROR', 'OPENID_MISMATCH', 'INVALID_TRANSACTIONID'];

const columns: readonly Api[] = ['create', 'query', 'close', 'certificates'];
const columnsAfterwards: readonly Api[] = ['refund', 'refund_query', 'statement', 'file'];

/** Older pages and live answers spell the codes without `_` (wechatpay.md 5). */
const plain = (code: string): string => code.replaceAll('_', '');

const byPlainCode = (table: typeof documented) =>
  new Map(Object.entries(table).map(([key, row]) => [plain(key), row]));
const rows = byPlainCode(documented);
const rowsAfterwards = byPlainCode(documentedAfterwards);
const plainSystemErrors = new Set(systemErrors.map(plain));

/** What an error answer means: its HTTP status first, then its code, never its message. */
export function meaningOf(api: Api, status: number, code: string | undefined): Meaning {
  const word = plain(code ?? '');
  if (status >= 500) return plainSystemErrors.has(word) ? 'system_error' : 'silent';
  if (status === 429) return 'throttled';
  if (status === 401) return word === 'SIGNERROR' ? 'configuration' : 'undocumented';
  if (status < 400) return 'undocumented';
  const [table, names] = columns.includes(api) ? [rows, columns] : [rowsAfterwards, columnsAfterwards];
  const row = table.get(`${status} ${word}`) ?? table.get(`4xx ${word}`);
  return row?.[names.indexOf(api)] ?? 'undocumented';
}

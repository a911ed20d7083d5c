/** What a route came to, before it is signed and put on the wire. */
export type Reply =
  | { kind: 'done'; status: 200 | 202 | 204; body?: object }
  | { kind: 'refused'; status: number; body: ErrorBody; number: number }
  /** Goes out as it is, never signed: its hash was told before (10.2). */
  | { kind: 'file'; status: 200; body: Uint8Array }
  /** Found before the caller is known: never signed; one of them even lacks its `Request-ID` (2.3). */
  | { kind: 'unauthenticated'; status: number; body: ErrorBody; number: number | undefined }
  | { kind: 'empty'; status: 404 | 405 };

export interface ErrorBody {
  code: string;
  message: string;
  detail?: object;
}

export function done(body: object): Reply {
  return { kind: 'done', status: 200, body };
}

export const noContent: Reply = { kind: 'done', status: 204 };

/** `number` is the internal code at the end of `Request-ID` (appendix A). */
export function refused(status: number, code: string, message: string, number: number): Reply {
  return { kind: 'refused', status, body: { code, message }, number };
}

export interface FieldFault {
  /** A JSON pointer for bodies, a plain name elsewhere. */
  field: string;
  value?: unknown;
  issue: string;
  location: 'body' | 'url' | 'query';
  number: number;
}

export function paramError(fault: FieldFault): Reply {
  const { number, ...detail } = fault;
  const source = `/${fault.location}${fault.field.startsWith('/') ? '' : '/'}${fault.field}`;
  const message = `输入源“${source}”映射到字段规则校验失败，${fault.issue}`;
  return { kind: 'refused', status: 400, body: { code: 'PARAM_ERROR', message, detail }, number };
}

/** The documented refusals that need no words of their own. Every text is a wire literal. */
export const refusals = {
  mchidMismatch: refused(400, 'PARAM_ERROR', 'http header中的mchid与post payload中的mchid不匹配', 268435461),
  appidMismatch: refused(400, 'APPID_MCHID_NOT_MATCH', 'appid和mch_id不匹配', 268445527),
  numberUsed: refused(403, 'OUT_TRADE_NO_USED', '商户订单号重复', 268498688),
  number201: refused(400, 'INVALID_REQUEST', '201 商户订单号重复', 268498688),
  orderPaid: refused(400, 'ORDERPAID', '该订单已支付', 268449538),
  orderClosed: refused(400, 'ORDER_CLOSED', '订单已关闭', 268447914),
  orderMissing: refused(404, 'ORDER_NOT_EXIST', '订单不存在', 268512771),
  declined: refused(403, 'NO_AUTH', '商户号收款功能受限，暂无法支付', 268448010),
  refundMissing: refused(404, 'RESOURCE_NOT_EXISTS', '退款单不存在', 268875782),
  refundOrderMissing: refused(404, 'RESOURCE_NOT_EXISTS', '订单不存在', 268892180),
  refundDiffers: refused(
    400,
    'INVALID_REQUEST',
    '请求内容和上次请求不一致,请核实后再试。原因主要是商户号不一致,或者商户订单号/商户退款单号已经被其他请求使用。',
    268892183,
  ),
  refundTwoOrders: refused(400, 'INVALID_REQUEST', '支付单号校验不一致，请核实后再试', 268892183),
  refundTotalDiffers: refused(400, 'INVALID_REQUEST', '您的请求参数与订单信息不一致', 268892183),
  refundTooMuch: refused(400, 'INVALID_REQUEST', '申请退款金额大于订单可退金额', 268449311),
  refundedWhole: refused(400, 'INVALID_REQUEST', '订单已全额退款', 268892177),
  refundTooMany: refused(400, 'INVALID_REQUEST', '订单的退款次数已达上限', 268892195),
  refundTooOld: refused(400, 'INVALID_REQUEST', '订单已超过可退款的最大期限', 268892184),
  refundTooSoon: refused(429, 'FREQUENCY_LIMITED', '你的操作过于频繁，请稍后再试。', 268448746),
  refundUnfunded: refused(403, 'NOT_ENOUGH', '基本账户余额不足，请充值后重新发起', 268892709),
  statementTooOld: refused(400, 'INVALID_REQUEST', '账单日期过早，仅支持查询三个月内的账单', 270522880),
  statementNotPast: refused(400, 'INVALID_REQUEST', '账单日期须早于今日', 270522884),
  statementMissing: refused(400, 'NO_STATEMENT_EXIST', '账单文件不存在', 270522881),
  statementCreating: refused(400, 'STATEMENT_CREATING', '账单生成中，请稍后再试', 270522882),
  statementTokenOver: refused(400, 'INVALID_REQUEST', '下载地址已失效，请重新申请账单', 268435461),
  throttled: refused(429, 'FREQUENCY_LIMITED', '频率超限，请稍后再试', 268447840),
  systemError: refused(500, 'SYSTEM_ERROR', '系统异常，请稍后重试', 268435460),
  unknownCode: refused(400, 'BUSINESS_STATUS_SHIFTED', '业务状态异常', 268439999),
  noPlatformCertificate: refused(
    404,
    'RESOURCE_NOT_EXISTS',
    '无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥。可查看指引https://pay.weixin.qq.com/doc/v3/merchant/4012153196',
    268435461,
  ),
  wrongPlatformSerial: refused(400, 'PARAM_ERROR', '平台证书序列号Wechatpay-Serial错误', 268435461),
} as const;

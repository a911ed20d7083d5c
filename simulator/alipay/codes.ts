/** Alipay's code table with its own words (1.10, 3.1). Texts are wire literals, spelling included. */

/** The node of an answer: `code` and `msg` first, then what this API says. */
export type Fields = Record<string, unknown>;

export type Code = '10000' | '20000' | '40001' | '40002' | '40004' | '40005' | '40006';

const messages: Record<Code, string> = {
  '10000': 'Success',
  '20000': 'Service Currently Unavailable',
  '40001': 'Missing Required Arguments',
  '40002': 'Invalid Arguments',
  '40004': 'Business Failed',
  '40005': 'Call Limited',
  '40006': 'Insufficient Permissions',
};

const words: Record<string, string> = {
  'isv.missing-method': '缺少方法名参数',
  'isv.invalid-method': '不存在的方法名',
  'isv.missing-app-id': '缺少appId参数',
  'isv.invalid-app-id': '无效的AppID参数',
  'isv.missing-signature': '缺少签名参数',
  'isv.missing-signature-type': '缺少签名类型参数',
  'isv.invalid-signature-type': '无效的签名类型',
  'isv.missing-timestamp': '缺少时间戳参数',
  'isv.invalid-timestamp': '非法的时间戳参数',
  'isv.missing-version': '缺少版本参数',
  'isv.invalid-version': '非法的版本参数',
  'isv.invalid-format': '非法的数据格式',
  'isv.invalid-charset': '字符集错误',
  'isv.missing-app-cert-sn': '缺少应用公钥证书SN',
  'isv.missing-alipay-root-cert-sn': '缺少支付宝根证书SN',
  'isv.app-cert-not-exist': '应用公钥证书不存在',
  'isv.invalid-alipay-root-cert-sn': '无效的支付宝根证书SN',
  'isv.insufficient-isv-permissions': 'ISV权限不足，建议在开发者中心检查对应功能是否已经添加',
  'isv.app-call-limited': '应用调用次数超限',
  'isv.decryption-error-unknown': '解密出错, 未知错误',
  'isv.invalid-encrypt-type': '无效的加密类型',
  'isv.illegal-json': 'json格式错误',
  'isv.invalid-parameter': '参数无效',
  'isv.suspected-attack': '可疑的攻击请求',
  'aop.ACQ.SYSTEM_ERROR': '系统异常',
  'ACQ.SYSTEM_ERROR': '系统异常',
  'ACQ.INVALID_PARAMETER': '参数无效',
  'ACQ.TRADE_NOT_EXIST': '交易不存在',
  'ACQ.TRADE_HAS_SUCCESS': '交易已被支付',
  'ACQ.TRADE_HAS_CLOSE': '交易已经关闭',
  'ACQ.TRADE_HAS_FINISHED': '交易已经完结',
  'ACQ.TRADE_STATUS_ERROR': '交易状态不合法',
  'ACQ.CONTEXT_INCONSISTENT': '交易信息被篡改',
  'ACQ.TOTAL_FEE_EXCEED': '订单总金额不在允许范围内',
  'ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR': '当前时间晚于订单绝对超时时间',
  'ACQ.INVALID_RECEIVE_ACCOUNT': '收款账户不支持收款',
  'ACQ.TRADE_CANCEL_TIME_OUT': '超过撤销时间范围',
  'ACQ.SELLER_BALANCE_NOT_ENOUGH': '卖家余额不足',
  'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL': '撤销或退款金额与订单金额不一致',
  // Recorded with the code itself as its text (2.5).
  'ACQ.REASON_TRADE_REFUND_FEE_ERR': 'ACQ.REASON_TRADE_REFUND_FEE_ERR',
  // Statements, as they are spelt (2.7).
  BILL_NOT_EXIST: '账单不存在',
  INVAILID_ARGUMENTS: '参数不合法',
  TYPE_NOT_SUPPORTED: '账单类型不支持',
  'ACQ.DISCORDANT_REPEAT_REQUEST': '同一退款请求号退款金额不一致',
};

/** A refusal on its way to the answer: thrown where it is found, written down by the gateway. */
export class Refused extends Error {
  readonly node: Fields;
  constructor(node: Fields) {
    super(String(node['sub_code']));
    this.node = node;
  }
}

export function success(fields: Fields): Fields {
  return { code: '10000', msg: messages['10000'], ...inOrder(fields) };
}

/** fields  what a failed answer carries all the same, e.g. amounts of `0.00` (1.6) */
export function failure(
  code: Code,
  subCode: string,
  fields: Fields = {},
  subMsg = words[subCode] ?? subCode,
): Fields {
  return { code, msg: messages[code], sub_code: subCode, sub_msg: subMsg, ...inOrder(fields) };
}

export function businessFailure(subCode: string, fields: Fields = {}, subMsg?: string): Fields {
  return failure('40004', subCode, fields, subMsg);
}

export function invalid(field: string): Refused {
  return new Refused(businessFailure('ACQ.INVALID_PARAMETER', {}, `参数无效：${field}`));
}

/** Real answers sort the business fields by name, and were seen with `buyer_open_id` at the end (1.6). */
function inOrder(fields: Fields): Fields {
  const rank = (name: string): string => (name === 'buyer_open_id' ? '~' : name);
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .sort(([a], [b]) => (rank(a) < rank(b) ? -1 : 1)),
  );
}

/**
 * Every code that an answer of ours can carry stands here once: its HTTP status, whether the same
 * request may be sent again, who acts, and the words for people. `docs/errors.md` is held to this
 * table by a test. A code, once published, keeps its meaning.
 */
export type Actor = 'caller' | 'cashier' | 'operator' | 'us';

export interface Trouble {
  status: 400 | 401 | 403 | 404 | 405 | 406 | 409 | 410 | 413 | 415 | 422 | 429 | 500 | 502 | 503 | 504;
  retry: 'never' | 'same_request' | 'after_fixing';
  who: Actor;
  zh: string;
  en: string;
}

export const troubles = {
  // bad input: the request itself
  invalid_input: {
    status: 400,
    retry: 'after_fixing',
    who: 'caller',
    zh: '请求内容不符合要求',
    en: 'The request breaks a rule; see field and rule',
  },
  malformed_json: {
    status: 400,
    retry: 'after_fixing',
    who: 'caller',
    zh: '请求不是合法的 JSON',
    en: 'The body is not valid JSON',
  },
  duplicate_key: {
    status: 400,
    retry: 'after_fixing',
    who: 'caller',
    zh: '请求中有重复的字段',
    en: 'A key occurs twice in the body',
  },
  unsupported_media_type: {
    status: 415,
    retry: 'after_fixing',
    who: 'caller',
    zh: '请使用 application/json',
    en: 'Send application/json',
  },
  not_acceptable: {
    status: 406,
    retry: 'after_fixing',
    who: 'caller',
    zh: '此地址只提供 text/event-stream',
    en: 'This address answers with text/event-stream only',
  },
  body_too_large: {
    status: 413,
    retry: 'after_fixing',
    who: 'caller',
    zh: '请求内容过大',
    en: 'The body is too large',
  },
  rate_limited: {
    status: 429,
    retry: 'same_request',
    who: 'caller',
    zh: '请求过于频繁，请稍后再试',
    en: 'Too many requests; see Retry-After',
  },
  not_found: { status: 404, retry: 'never', who: 'caller', zh: '没有这个地址', en: 'No such address' },

  // who asks
  not_signed_in: {
    status: 401,
    retry: 'after_fixing',
    who: 'caller',
    zh: '请先登录，或提供有效的 API 密钥',
    en: 'Sign in, or send a valid API key',
  },
  foreign_origin: {
    status: 403,
    retry: 'never',
    who: 'caller',
    zh: '请求来源不被允许',
    en: 'The Origin of the request is not this service',
  },
  scope_missing: {
    status: 403,
    retry: 'after_fixing',
    who: 'caller',
    zh: '该密钥没有此权限',
    en: 'The key lacks the scope for this',
  },
  login_link_invalid: {
    status: 401,
    retry: 'never',
    who: 'operator',
    zh: '登录链接无效、已使用或已过期',
    en: 'The login link is unknown, used or too old',
  },

  // repeats
  idempotency_key_reused: {
    status: 422,
    retry: 'never',
    who: 'caller',
    zh: '同一幂等键已用于不同内容',
    en: 'This Idempotency-Key came with another body before',
  },
  idempotency_in_progress: {
    status: 409,
    retry: 'same_request',
    who: 'caller',
    zh: '相同请求正在处理，请稍候',
    en: 'The first request with this key is still running; see Retry-After',
  },

  // bills
  bill_not_found: { status: 404, retry: 'never', who: 'caller', zh: '账单不存在', en: 'No such bill' },
  bill_already_paid: {
    status: 409,
    retry: 'never',
    who: 'cashier',
    zh: '账单已支付',
    en: 'The bill is paid',
  },
  bill_void: { status: 409, retry: 'never', who: 'cashier', zh: '账单已作废', en: 'The bill is void' },
  bill_expired: {
    status: 409,
    retry: 'never',
    who: 'cashier',
    zh: '账单已过有效期，请重新开具',
    en: 'The bill has passed its valid_until',
  },
  bill_differs: {
    status: 409,
    retry: 'never',
    who: 'caller',
    zh: '相同外部单号已有内容不同的账单',
    en: 'This external_bill_no already has a bill with other content',
  },

  // sessions
  session_not_found: {
    status: 404,
    retry: 'never',
    who: 'caller',
    zh: '支付会话不存在',
    en: 'No such payment session',
  },
  session_ended: {
    status: 409,
    retry: 'never',
    who: 'cashier',
    zh: '支付会话已结束',
    en: 'The payment session has ended',
  },
  retire_unfinished: {
    status: 409,
    retry: 'same_request',
    who: 'cashier',
    zh: '旧二维码的结果尚未确认，患者可能正在付款；请稍候再试，或坚持继续',
    en: 'What became of the old code is not certain yet; wait, or insist',
  },
  code_not_ready: {
    status: 409,
    retry: 'same_request',
    who: 'caller',
    zh: '二维码尚未生成',
    en: 'The code is not there yet',
  },
  code_withdrawn: {
    status: 410,
    retry: 'never',
    who: 'caller',
    zh: '二维码已撤下',
    en: 'The code has left every screen',
  },

  // channels
  method_not_configured: {
    status: 409,
    retry: 'after_fixing',
    who: 'operator',
    zh: '该支付方式尚未配置',
    en: 'This payment method is not configured',
  },
  channel_silent: {
    status: 504,
    retry: 'same_request',
    who: 'cashier',
    zh: '支付渠道暂未应答，结果确认中',
    en: 'The channel has not answered yet; we go on asking',
  },
  channel_declined: {
    status: 502,
    retry: 'never',
    who: 'operator',
    zh: '支付渠道拒绝了下单',
    en: 'The channel refused to open an order',
  },

  // refunds
  bill_not_paid: {
    status: 409,
    retry: 'never',
    who: 'cashier',
    zh: '账单未支付，无款可退',
    en: 'The bill is not paid; there is nothing to send back',
  },
  refund_exceeds_paid: {
    status: 409,
    retry: 'after_fixing',
    who: 'cashier',
    zh: '退款金额超过可退金额',
    en: 'More than is left of what was paid; see refundable_fen',
  },
  refund_too_many: {
    status: 409,
    retry: 'never',
    who: 'operator',
    zh: '该笔支付的退款次数已达渠道上限',
    en: 'The channel takes no more refunds of this payment',
  },
  refund_too_late: {
    status: 409,
    retry: 'never',
    who: 'operator',
    zh: '已超过渠道允许的退款期限',
    en: 'The channel no longer takes refunds of this payment',
  },
  refund_not_found: { status: 404, retry: 'never', who: 'caller', zh: '退款不存在', en: 'No such refund' },
  refund_not_waiting: {
    status: 409,
    retry: 'never',
    who: 'cashier',
    zh: '该退款不在待审批状态',
    en: 'The refund is not waiting for approval',
  },
  refund_same_person: {
    status: 409,
    retry: 'never',
    who: 'cashier',
    zh: '须由另一人审批',
    en: 'A second person must approve it',
  },
  refund_sent: {
    status: 409,
    retry: 'never',
    who: 'cashier',
    zh: '退款已发往渠道，不能撤回',
    en: 'The refund has been sent and cannot be taken back',
  },
  refund_must_go_back: {
    status: 409,
    retry: 'never',
    who: 'cashier',
    zh: '该款项不属于任何账单，必须退回，不能撤回',
    en: 'This money is on no bill: it goes back, and the refund cannot be taken back',
  },
  suspense_not_found: {
    status: 404,
    retry: 'never',
    who: 'caller',
    zh: '悬账不存在',
    en: 'No such suspense item',
  },
  suspense_closed: {
    status: 409,
    retry: 'never',
    who: 'operator',
    zh: '该悬账已处理',
    en: 'The suspense item is closed',
  },
  suspense_not_postable: {
    status: 409,
    retry: 'after_fixing',
    who: 'operator',
    zh: '该款项不能入此账单',
    en: 'This money cannot be posted to that bill',
  },
  suspense_not_refundable: {
    status: 409,
    retry: 'never',
    who: 'operator',
    zh: '该悬账无款可退：退款未失败、已重新发出，或余额不足',
    en: 'Nothing can be sent back: the refund has not failed, was sent anew already, or too little is left',
  },
  suspense_holds_money: {
    status: 409,
    retry: 'never',
    who: 'operator',
    zh: '该悬账仍有争议款项，请先入账或退款',
    en: 'The item still holds disputed money: post it or send it back',
  },

  // webhooks
  webhook_not_found: { status: 404, retry: 'never', who: 'caller', zh: '事件不存在', en: 'No such event' },

  // prescriptions
  prescription_not_found: {
    status: 404,
    retry: 'never',
    who: 'caller',
    zh: '处方不存在',
    en: 'No such prescription',
  },
  prescription_not_reviewable: {
    status: 409,
    retry: 'never',
    who: 'caller',
    zh: '处方不在待审状态',
    en: 'The prescription is not waiting for review',
  },
  prescription_void: {
    status: 409,
    retry: 'never',
    who: 'caller',
    zh: '处方已作废',
    en: 'The prescription is void',
  },
  prescription_paid: {
    status: 409,
    retry: 'never',
    who: 'caller',
    zh: '处方已收费，不能作废',
    en: 'The prescription is paid and cannot be voided',
  },

  // ours
  unavailable: {
    status: 503,
    retry: 'same_request',
    who: 'operator',
    zh: '服务暂不可用',
    en: 'The service is not able to answer now',
  },
  internal: {
    status: 500,
    retry: 'same_request',
    who: 'us',
    zh: '系统内部错误',
    en: 'Something broke on our side',
  },
} as const satisfies Record<string, Trouble>;

export type TroubleCode = keyof typeof troubles;

import type { ChannelFaultCode } from './channel.ts';
import type { Words } from './configuration.ts';

/** What a fault asks of us. The words are for staff; a patient only reads "please wait" or "ask the counter". */
export interface ChannelFaultMeaning {
  /** `worker`: we ask again by ourselves. `operator`: a person of the clinic. `developer`: us. */
  whoActs: 'worker' | 'operator' | 'developer';
  /** `same_call`: the same call may be sent again. `query_first`: only a query decides. `no`: not before a change. */
  retry: 'same_call' | 'query_first' | 'no';
  words: Words;
}

/** Each code stands here once; `docs/errors.md` is held to this table. */
export const channelFaults: Readonly<Record<ChannelFaultCode, ChannelFaultMeaning>> = {
  silent: {
    whoActs: 'worker',
    retry: 'query_first',
    words: {
      zh: '支付渠道没有应答，结果未知，正在继续查询',
      en: 'The channel did not answer; the result is unknown and we keep asking',
    },
  },
  unverified: {
    whoActs: 'worker',
    retry: 'query_first',
    words: {
      zh: '渠道应答未通过验签，不予采信，正在重新查询',
      en: 'The answer failed verification and is not believed; we ask again',
    },
  },
  foreign_answer: {
    whoActs: 'operator',
    retry: 'query_first',
    words: {
      zh: '渠道应答的不是这笔订单，不予采信',
      en: 'The channel answered about another order; the answer is not believed',
    },
  },
  throttled: {
    whoActs: 'worker',
    retry: 'same_call',
    words: {
      zh: '渠道要求放慢请求，稍后自动重试',
      en: 'The channel asks us to slow down; we try again shortly',
    },
  },
  system_error: {
    whoActs: 'worker',
    retry: 'query_first',
    words: {
      zh: '渠道系统异常，结果未知，正在继续查询',
      en: 'The channel has trouble of its own; the result is unknown and we keep asking',
    },
  },
  undocumented: {
    whoActs: 'operator',
    retry: 'query_first',
    words: {
      zh: '渠道返回了未公布的应答，结果按未知处理',
      en: 'The channel gave an answer that no page lists; the result counts as unknown',
    },
  },
  configuration: {
    whoActs: 'operator',
    retry: 'no',
    words: {
      zh: '商户配置、密钥或权限有误，请管理员检查',
      en: 'Keys, account or permissions are wrong; an administrator must act',
    },
  },
  declined: {
    whoActs: 'operator',
    retry: 'no',
    words: { zh: '渠道拒绝了这笔请求', en: 'The channel declined this request' },
  },
  number_spent: {
    whoActs: 'worker',
    retry: 'query_first',
    words: {
      zh: '该商户订单号已被使用，正在查询其状态',
      en: 'This order number is used already; a query decides what it is',
    },
  },
  short_of_balance: {
    whoActs: 'operator',
    retry: 'same_call',
    words: {
      zh: '商户账户余额不足，退款未动账；充值后以原退款单号自动重试',
      en: 'The merchant balance is too small; no money moved. Once topped up, the same refund is tried again',
    },
  },
  bug: {
    whoActs: 'developer',
    retry: 'no',
    words: {
      zh: '请求格式不被渠道接受，请联系开发者',
      en: 'The channel calls our request malformed; tell the developers',
    },
  },
};

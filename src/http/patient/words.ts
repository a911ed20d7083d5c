import type { PatientStage } from './stage.ts';

export type PatientLanguage = 'zh' | 'en';

interface StageWords {
  word: string;
  hint: string;
}

interface PatientWords {
  title: string;
  simulated: string;
  sandbox: string;
  payee: string;
  alipay: string;
  wechat: string;
  scanAlipay: string;
  scanWechat: string;
  notByLongPress: string;
  codeAlt: string;
  left: string;
  until: string;
  paidAt: string;
  newCode: string;
  /** A link that leads nowhere. */
  none: StageWords;
  stages: Record<PatientStage, StageWords>;
}

/** Every text of the patient's page. Chinese first; English for who asks for it. */
export const patientWords: Record<PatientLanguage, PatientWords> = {
  zh: {
    title: '扫码缴费',
    simulated: '模拟环境 · 不会产生真实收款',
    sandbox: '沙箱环境 · 不会产生真实收款',
    payee: '收款方',
    alipay: '支付宝',
    wechat: '微信支付',
    scanAlipay: '请使用支付宝“扫一扫”',
    scanWechat: '请使用微信“扫一扫”',
    // Native codes are refused when recognised by a long press or from the album.
    notByLongPress: '不支持长按或相册识别',
    codeAlt: '收款二维码',
    left: '剩余时间',
    until: '有效至',
    paidAt: '付款时间',
    newCode: '打开新的二维码',
    none: { word: '链接无效', hint: '没有找到这次收款，请联系收费窗口。' },
    stages: {
      creating: { word: '正在生成二维码', hint: '请稍候，本页会自动更新。' },
      ready: { word: '待支付', hint: '请核对收款方和金额。' },
      scanned: { word: '已扫码', hint: '请在手机上确认付款。' },
      confirming: { word: '结果确认中', hint: '正在向支付渠道核实，请不要重复付款。' },
      paid: { word: '支付成功', hint: '款项已到账。' },
      surplus: { word: '重复付款，正在退回', hint: '这笔费用已经结清，本次款项将自动原路退回。' },
      disputed: { word: '款项待核实', hint: '请联系收费窗口，请不要再次付款。' },
      expired: { word: '二维码已过期', hint: '请联系收费窗口获取新的二维码。' },
      replaced: { word: '二维码已更换', hint: '请使用新的二维码付款。' },
      settled_elsewhere: { word: '费用已结清', hint: '这笔费用已由其他方式支付，无需再付。' },
      cancelled: { word: '收款已取消', hint: '如需付款，请联系收费窗口。' },
    },
  },
  en: {
    title: 'Scan to pay',
    simulated: 'Simulation · no real money moves',
    sandbox: 'Sandbox · no real money moves',
    payee: 'Payee',
    alipay: 'Alipay',
    wechat: 'WeChat Pay',
    scanAlipay: 'Please scan with Alipay',
    scanWechat: 'Please scan with WeChat',
    notByLongPress: 'A long press or the album does not work',
    codeAlt: 'Payment code',
    left: 'Time left',
    until: 'Valid until',
    paidAt: 'Paid at',
    newCode: 'Open the new code',
    none: { word: 'Unknown link', hint: 'There is no such payment; please ask at the desk.' },
    stages: {
      creating: { word: 'Making the code', hint: 'One moment; this page follows by itself.' },
      ready: { word: 'Waiting for payment', hint: 'Check payee and amount before you pay.' },
      scanned: { word: 'Scanned', hint: 'Please confirm on your phone.' },
      confirming: {
        word: 'Checking the result',
        hint: 'The channel is being asked. Please do not pay twice.',
      },
      paid: { word: 'Paid', hint: 'The money has arrived.' },
      surplus: {
        word: 'Paid twice, going back',
        hint: 'This was settled before; the money goes back by itself.',
      },
      disputed: { word: 'To be looked into', hint: 'Please ask at the desk, and do not pay again.' },
      expired: { word: 'The code has expired', hint: 'Please ask at the desk for a new one.' },
      replaced: { word: 'Replaced by a new code', hint: 'Please pay with the new code.' },
      settled_elsewhere: { word: 'Settled', hint: 'This was paid another way; nothing is left to pay.' },
      cancelled: { word: 'Cancelled', hint: 'Please ask at the desk if you wish to pay.' },
    },
  },
};

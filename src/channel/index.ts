export * from './channel.ts';
export * from './configuration.ts';
export * from './faults.ts';
export {
  alipayStatementOrigins,
  cancelTrade,
  checkAlipayConfiguration,
  createAlipayChannel,
  createAlipayGateway,
  worldOfAlipayGateway,
  type AlipayCertificates,
  type AlipayConfiguration,
  type AlipayGateway,
  type CancelResult,
} from './alipay/index.ts';
export {
  checkWechatConfiguration,
  createWechatChannel,
  worldOfWechatGateway,
  type WechatConfiguration,
} from './wechat/index.ts';

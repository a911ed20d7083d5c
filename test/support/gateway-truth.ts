import type { Kernel } from '../../simulator/kernel/contract.ts';

interface AlipayCode {
  out_trade_no: string;
  ended: boolean;
  scannable_until: number;
}

interface AlipayTrade {
  out_trade_no: string;
  status: string;
  closes_at: number;
}

interface WechatOrder {
  request: { out_trade_no: string };
  payable_until: number;
  closes_at: number;
  codes: { issued_at: number; ended: boolean }[];
  paid?: object;
}

const CODE_LIFE_MS = 7_200_000;

/** The numbers that somebody could pay at this moment, by what the gateways themselves remember: `G` of money-safety.md. */
export function payableAtGateways({ kernel }: { kernel: Pick<Kernel, 'clock' | 'load'> }): Set<string> {
  const now = kernel.clock.channelNow();
  const alipay = (kernel.load('alipay') ?? { codes: [], trades: [] }) as {
    codes: AlipayCode[];
    trades: AlipayTrade[];
  };
  const wechat = (kernel.load('wechat') ?? { orders: [] }) as { orders: WechatOrder[] };
  const trades = new Map(alipay.trades.map((trade) => [trade.out_trade_no, trade]));
  const scannable = alipay.codes
    .filter((code) => !trades.has(code.out_trade_no) && !code.ended && now < code.scannable_until)
    .map((code) => code.out_trade_no);
  const waiting = alipay.trades.filter((trade) => trade.status === 'WAIT_BUYER_PAY' && now < trade.closes_at);
  const ordered = wechat.orders.filter(
    (order) =>
      order.paid === undefined &&
      now < order.closes_at &&
      now <= order.payable_until &&
      order.codes.some((code) => !code.ended && now < code.issued_at + CODE_LIFE_MS),
  );
  return new Set([
    ...scannable,
    ...waiting.map((trade) => trade.out_trade_no),
    ...ordered.map((order) => order.request.out_trade_no),
  ]);
}

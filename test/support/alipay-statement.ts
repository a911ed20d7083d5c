/** For the tests of the Alipay adapter: a day's statement as Alipay packs it (alipay.md 2.7). */
import iconv from 'iconv-lite';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';

export const PID = '2088000000000001';
export const DAY = '2026-11-21';

const header =
  '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,' +
  '支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,' +
  '退款批次号/请求号,服务费（元）,分润（元）,备注';

export interface Row {
  kind: '交易' | '退款';
  outTradeNo: string;
  /** In yuan, as it stands: a refund's is negative. */
  amount: string;
  subject?: string;
  requestNo?: string;
  fee?: string;
}

export function lineOf({
  kind,
  outTradeNo,
  amount,
  subject = '仁心门诊 医疗服务费',
  requestNo = '',
  fee = '0.00',
}: Row): string {
  const done = kind === '交易' ? '10:55:23' : '11:26:55';
  return (
    `20261121220014588605${outTradeNo.padStart(8, '0')}\t,${outTradeNo}\t,${kind}\t,${subject},${DAY} 10:55:16,${DAY} ${done},` +
    `\t,\t,\t,\t,*津水(602***@example.com)\t,${amount},${amount},0.00,0.00,0.00,0.00,0.00,,0.00\t,0.00,${requestNo}\t,${fee},0.00,`
  );
}

export const twoPaidOneRefunded: readonly Row[] = [
  { kind: '交易', outTradeNo: 'A1', amount: '12.50', fee: '-0.08' },
  { kind: '交易', outTradeNo: 'A2', amount: '0.01' },
  { kind: '退款', outTradeNo: 'A1', amount: '-2.50', requestNo: 'R1', fee: '0.02' },
];
export const newWords = [
  '#交易合计：2笔，商家实收共12.51元，商家优惠共0.00元',
  '#退款合计：1笔，商家实收退款共-2.50元，商家优惠退款共0.00元',
];
export const oldWords = [
  '#交易合计：2笔，交易金额共12.51元，优惠金额共0.00元',
  '#退款合计：1笔，交易退款金额共2.50元，优惠退款金额共0.00元',
];
export const noMoney = [
  '#交易合计：0笔，商家实收共0.00元，商家优惠共0.00元',
  '#退款合计：0笔，商家实收退款共0.00元，商家优惠退款共0.00元',
];

export interface Detail {
  lines?: readonly string[];
  trailer?: readonly string[];
  header?: string;
  account?: string;
  from?: string;
}

/** The lines of a detail file, without their ends. */
export function detailLines(change: Detail = {}): string[] {
  return [
    '#支付宝业务明细查询',
    `#账号：[${change.account ?? PID}0156]`,
    `#起始日期：[${change.from ?? '2026年11月21日'} 00:00:00]   终止日期：[2026年11月22日 00:00:00]`,
    `#${'-'.repeat(41)}业务明细列表${'-'.repeat(40)}`,
    change.header ?? header,
    ...(change.lines ?? twoPaidOneRefunded.map(lineOf)),
    `#${'-'.repeat(41)}业务明细列表结束${'-'.repeat(36)}`,
    ...(change.trailer ?? newWords),
    '#导出时间：[2026年11月22日 05:46:49]',
  ];
}

export function detailFile(change: Detail = {}, lineEnd = '\r\n'): Buffer {
  return iconv.encode(
    detailLines(change)
      .map((line) => line + lineEnd)
      .join(''),
    'gbk',
  );
}

/** What lies beside the detail file; nobody reads it. */
export const summaryFile = iconv.encode('#支付宝业务汇总查询\r\n', 'gbk');

export async function zipOf(...files: readonly Buffer[]): Promise<Buffer> {
  const zip = new ZipFile();
  const mtime = new Date(Date.UTC(2026, 10, 22));
  files.forEach((file, index) => zip.addBuffer(file, `${index}.csv`, { mtime, forceDosTimestamp: true }));
  zip.end();
  return buffer(zip.outputStream);
}

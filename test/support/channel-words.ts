import { createPrivateKey, randomUUID, type KeyObject } from 'node:crypto';
import type { Clinic, Parsed } from '../clinic.ts';
import { notificationOf, paidFields } from './alipay-fixture.ts';
import { seal, signedHeaders } from './wechat-fixture.ts';

/** A notification as it goes on the wire: what a channel says, or somebody in its name. */
export interface Words {
  headers: Record<string, string>;
  body: string;
}

/** Alipay's "paid" for an order, changed as wished and signed afterwards; by Alipay's own key if no other is given. */
export function alipaySays(
  clinic: Clinic,
  outTradeNo: string,
  changes: Record<string, string> = {},
  key: KeyObject = createPrivateKey(clinic.sim.merchants.alipay.alipayPrivateKey),
): Words {
  const { appId, sellerId } = clinic.sim.merchants.alipay;
  const fields = paidFields({
    notify_id: randomUUID().replaceAll('-', ''),
    app_id: appId,
    auth_app_id: appId,
    seller_id: sellerId,
    out_trade_no: outTradeNo,
    total_amount: '128.50',
    receipt_amount: '128.50',
    buyer_pay_amount: '128.50',
    passback_params: '',
    ...changes,
  });
  return {
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: notificationOf(fields, key).toString('latin1'),
  };
}

export interface WechatWish {
  id?: string;
  atMs?: number;
  serial?: string;
  privateKey?: string;
  apiV3Key?: string;
  /** Changes of the envelope around the sealed resource. */
  envelope?: Record<string, unknown>;
}

/** The transaction of 6.6 as WeChat Pay tells it of this order when it is paid. */
export function paidTransaction(clinic: Clinic, outTradeNo: string): Record<string, Parsed> {
  const { mchid, appid } = clinic.sim.merchants.wechat;
  return {
    mchid,
    appid,
    out_trade_no: outTradeNo,
    transaction_id: '4200009999202611220000000001',
    trade_type: 'NATIVE',
    trade_state: 'SUCCESS',
    trade_state_desc: '支付成功',
    bank_type: 'OTHERS',
    attach: '',
    success_time: '2026-11-22T10:00:05+08:00',
    payer: { openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
    amount: { total: 12_850, payer_total: 12_850, currency: 'CNY', payer_currency: 'CNY' },
  };
}

/** WeChat Pay's notification about this transaction, sealed and signed with its real keys unless wished otherwise. */
export function wechatSays(clinic: Clinic, transaction: object, wish: WechatWish = {}): Words {
  const { apiV3Key, publicKeyId, publicKey } = clinic.sim.merchants.wechat;
  const body = JSON.stringify({
    id: wish.id ?? randomUUID(),
    create_time: '2026-11-22T10:00:06+08:00',
    resource_type: 'encrypt-resource',
    event_type: 'TRANSACTION.SUCCESS',
    summary: '支付成功',
    resource: {
      original_type: 'transaction',
      ...seal(JSON.stringify(transaction), wish.apiV3Key ?? apiV3Key, 'transaction'),
    },
    ...wish.envelope,
  });
  return signed(clinic, body, { serial: publicKeyId, privateKey: publicKey.privateKey, ...wish });
}

/** Any body under a good signature of this moment. */
export function signed(
  clinic: Clinic,
  body: string,
  wish: WechatWish & { serial: string; privateKey: string },
): Words {
  return { headers: signedHeaders(body, { ...wish, atMs: wish.atMs ?? clinic.world.now() }), body };
}

/** Notifications: reference, section 11. The schedule runs in the kernel; this is what WeChat Pay sends. */
import type { Kernel } from '../kernel/contract.ts';
import { createNotifier } from '../kernel/notifier.ts';
import type { Notice, Notifier, Rendered } from '../kernel/notifier.ts';
import { requestId, uuid } from './identifiers.ts';
import type { WechatMerchant } from './merchant.ts';
import { encryptResource, probeSignature, signatureHeaders } from './platform.ts';
import type { Platform, SigningKey } from './platform.ts';
import { rfc3339 } from './time.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** Up to 15 repeats, about 24 h 4 min in all (11.6). */
const repeatGapsMs = [
  15 * second,
  15 * second,
  30 * second,
  3 * minute,
  10 * minute,
  20 * minute,
  30 * minute,
  30 * minute,
  30 * minute,
  60 * minute,
  3 * hour,
  3 * hour,
  3 * hour,
  6 * hour,
  6 * hour,
];

/** The merchant must answer within this (11.4). */
const answerWithinMs = 5 * second;

export type WechatEvent =
  | 'TRANSACTION.SUCCESS'
  | 'REFUND.SUCCESS'
  | 'REFUND.ABNORMAL'
  | 'REFUND.CLOSED'
  | 'SECURITY_ECHO.SUCCESS';

/** What a notice holds until it is accepted; the resource is encrypted anew for each delivery. */
export interface Event {
  event_type: WechatEvent;
  created_at: number;
  resource: object;
}

const summaries: Record<WechatEvent, string> = {
  'TRANSACTION.SUCCESS': '支付成功',
  'REFUND.SUCCESS': '退款成功',
  'REFUND.ABNORMAL': '退款异常',
  'REFUND.CLOSED': '退款关闭',
  'SECURITY_ECHO.SUCCESS': '安全测试成功',
};

export interface Notifications {
  /** Tells the merchant. Resolves when the first delivery was answered, or failed. */
  tell(url: string, event_type: WechatEvent, resource: object): Promise<void>;
}

export function createNotifications(
  kernel: Kernel,
  merchant: WechatMerchant,
  platform: Platform,
): Notifications {
  const notifier: Notifier<Event> = createNotifier<Event>(kernel, {
    channel: 'wechat',
    gapsMs: () => repeatGapsMs,
    timeoutMs: answerWithinMs,
    render: (notice) => render(notice, platform.forNotification()),
    forge: (notice) => forge(notice),
    // The status outranks the body: 200 with a FAIL inside ends the repeats (3.4).
    accepts: (status) => status >= 200 && status < 300,
  });

  function render(notice: Notice<Event>, key: SigningKey): Rendered {
    const weather = kernel.weather('wechat');
    const lie = kernel.draw(weather.notify_wrong_amount);
    const body = envelope(notice, lie ? withOtherAmount(notice.content.resource) : notice.content.resource);
    const delivery = { headers: headersFor(body, key), body };
    if (kernel.draw(weather.notify_probe)) {
      delivery.headers['Wechatpay-Signature'] = probeSignature(kernel.chance);
    }
    return delivery;
  }

  /**
   * Right in all but the key: another id, well encrypted, under WeChat Pay's serial, but signed with the
   * merchant's own key. It also catches a merchant who verifies with the wrong certificate.
   */
  function forge(notice: Notice<Event>): Rendered {
    const body = envelope({ ...notice, id: uuid(kernel.chance) }, notice.content.resource);
    const { serial } = platform.forNotification();
    return { headers: headersFor(body, { serial, privateKey: merchant.certificate.privateKey }), body };
  }

  function envelope(notice: Notice<Event>, resource: object): Uint8Array {
    const { event_type, created_at } = notice.content;
    const original_type = originalType(event_type);
    const sealed = encryptResource(merchant.apiV3Key, JSON.stringify(resource), original_type, kernel.chance);
    const body = {
      id: notice.id,
      create_time: rfc3339(created_at),
      resource_type: 'encrypt-resource',
      event_type,
      summary: summaries[event_type],
      resource: { original_type, ...sealed },
    };
    return Buffer.from(JSON.stringify(body));
  }

  function headersFor(body: Uint8Array, key: SigningKey): Record<string, string> {
    return {
      'Content-Type': 'application/json',
      'User-Agent': 'Mozilla/4.0',
      Accept: '*/*',
      'Request-ID': requestId(kernel.chance, 0),
      ...signatureHeaders(key, body, kernel.clock.channelNow(), kernel.chance),
    };
  }

  return {
    tell(url, event_type, resource) {
      const content = { event_type, created_at: kernel.clock.channelNow(), resource };
      return notifier.send({ id: uuid(kernel.chance), url, content });
    },
  };
}

/** `transaction`, `refund` or `security`: also the associated data of the encryption. */
function originalType(event: WechatEvent): string {
  if (event === 'TRANSACTION.SUCCESS') return 'transaction';
  return event === 'SECURITY_ECHO.SUCCESS' ? 'security' : 'refund';
}

/** Weather `notify_wrong_amount`: one fen more than was paid, in every copy of the total. */
function withOtherAmount(resource: object): object {
  const { amount } = resource as { amount?: { total?: number; payer_total?: number } };
  if (amount?.total === undefined) return resource;
  return {
    ...resource,
    amount: { ...amount, total: amount.total + 1, payer_total: (amount.payer_total ?? 0) + 1 },
  };
}

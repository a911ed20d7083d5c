/**
 * A pretend WeChat Pay, API v3, for one direct merchant: what the official SDKs meet on the wire, with the
 * odd habits that the reference lists. State survives a restart; all time and chance are the kernel's.
 */
import type { Gateway, GatewayAnswer, GatewayRequest, Kernel, Weather } from '../kernel/contract.ts';
import { drawUnit } from '../kernel/chance.ts';
import { htmlAnswer, toAnswer } from './answers.ts';
import { authenticate, checkHeaders } from './authorization.ts';
import { openBook } from './book.ts';
import { looksLikeCode } from './identifiers.ts';
import type { SigningMode, WechatMerchant } from './merchant.ts';
import { createNotifications } from './notifications.ts';
import { createPlatform } from './platform.ts';
import { resumeRefunds } from './refunds.ts';
import { refusals } from './replies.ts';
import type { Reply } from './replies.ts';
import { findRoute, tellPaid } from './routes.ts';
import type { Counter } from './routes.ts';
import { pay, scan } from './wallet.ts';

/** No client waits a day: this is what "never answers" means on a connection that must end some time. */
const neverMs = 24 * 60 * 60 * 1000;

export interface WechatGateway extends Gateway {
  /**
   * Lists a second platform certificate at once; `inMs` later (a day, if not said) the gateway signs with
   * it, and a day after that the old one leaves the list. Answers with the new serial.
   */
  rotatePlatformCertificate(inMs?: number): Promise<string>;
  /** Moves the merchant between certificates and public key; `migrating` is the state between (4.4). */
  setMode(mode: SigningMode): void;
  /** While migrating: the share of notifications already signed with the public key, 0 to 1. */
  setNotificationShare(share: number): void;
}

export function createWechatGateway(kernel: Kernel, merchant: WechatMerchant): WechatGateway {
  const book = openBook(kernel);
  const platform = createPlatform(kernel, merchant, book);
  const counter: Counter = {
    kernel,
    merchant,
    book,
    platform,
    offers: new Map(),
    notifications: createNotifications(kernel, merchant, platform),
    now: () => kernel.clock.channelNow(),
    weather: () => kernel.weather('wechat'),
  };
  resumeRefunds(counter);

  async function handle(request: GatewayRequest): Promise<GatewayAnswer> {
    const weather = counter.weather();
    if (weather.silent) return { kind: 'drop', delayMs: neverMs };
    const answer = await answerTo(request, weather);
    const delayMs = Math.round(weather.delay_ms * (0.5 + drawUnit(kernel.chance)));
    return delayMs === 0 ? answer : { ...answer, delayMs };
  }

  async function answerTo(request: GatewayRequest, weather: Weather): Promise<GatewayAnswer> {
    if (kernel.draw(weather.lose_request)) return { kind: 'drop' };
    if (kernel.draw(weather.answer_html)) return htmlAnswer(kernel);
    const reply = await replyTo(request, weather);
    if (isActed(reply) && kernel.draw(weather.lose_answer)) return { kind: 'drop' };
    const late = isActed(reply) && kernel.draw(weather.answer_500_after_acting);
    const key = platform.forAnswer(request.headers['wechatpay-serial']);
    return toAnswer(kernel, weather, late ? refusals.systemError : reply, key);
  }

  async function replyTo(request: GatewayRequest, weather: Weather): Promise<Reply> {
    const found = findRoute(request);
    if (!('route' in found)) return found;
    const stranger = checkHeaders(request) ?? authenticate(request, merchant, counter.now());
    return stranger ?? troubleBeforeActing(weather) ?? found.route(counter, found.call);
  }

  function troubleBeforeActing(weather: Weather): Reply | undefined {
    if (kernel.draw(weather.throttle)) return refusals.throttled;
    if (kernel.draw(weather.answer_500)) return refusals.systemError;
    return kernel.draw(weather.answer_unknown_code) ? refusals.unknownCode : undefined;
  }

  return {
    channel: 'wechat',
    serves: (target) => target === '/v3' || target.startsWith('/v3/'),
    handle,
    knows: looksLikeCode,
    scan: (content, payer) => scan(counter, content, payer),
    pay(content, payer, amountFen) {
      const result = pay(counter, content, payer, amountFen);
      if (result.ok) void tellPaid(counter, result.value.out_trade_no);
      return result;
    },
    rotatePlatformCertificate: (inMs = 24 * 60 * 60 * 1000) => platform.rotate(inMs),
    setMode: platform.setMode,
    setNotificationShare: platform.setNotificationShare,
  };
}

/** Strangers and wrong paths never get as far as acting. */
function isActed(reply: Reply): boolean {
  return reply.kind === 'done' || reply.kind === 'refused' || reply.kind === 'file';
}

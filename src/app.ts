import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import { pino } from 'pino';
import type { Channel, GatewayWorld, PaymentMethod } from '#channel';
import { ensureClinic } from '#clinic';
import { planWebhook, publicAddress, type Settings } from '#config';
import { buildServer, type HttpParts } from '#http';
import type { Log } from '#log';
import { Hub, watchChanges } from '#session';
import type { Store } from '#store';
import { Worker } from '#worker';
import { alphanumeric, type World } from '#world';

export interface Ingredients {
  settings: Settings;
  world: World;
  store: Store;
  channels: ReadonlyMap<PaymentMethod, Channel>;
  gatewayWorld: GatewayWorld;
  phoneUrl: string | null;
  logger?: FastifyBaseLogger | false;
}

export interface Application {
  parts: HttpParts;
  server: Awaited<ReturnType<typeof buildServer>>;
  worker: Worker;
  /** Starts the worker and listens; answers the address. */
  listen(host: string, port: number): Promise<string>;
  stop(): Promise<void>;
}

/** The one place where parts are introduced to each other. */
export async function assemble(given: Ingredients): Promise<Application> {
  const { settings, world, store, channels } = given;
  const logger = given.logger ?? makeLogger(settings);
  const names = {
    name: settings.ZHENFU_CLINIC_NAME,
    shortName: settings.ZHENFU_CLINIC_SHORT_NAME ?? shortNameOf(settings.ZHENFU_CLINIC_NAME),
  };
  const publicBaseUrl = publicAddress(settings);
  const parts: HttpParts = {
    world,
    store,
    channels,
    hub: new Hub(),
    clinic: await ensureClinic(store, names, world.now()),
    publicBaseUrl,
    instance: alphanumeric(world, 8),
    log: logOf(logger),
    gatewayWorld: given.gatewayWorld,
    methods: (['alipay', 'wechat'] as const).map((method) => describeMethod(method, channels.has(method))),
    reviewRequired: settings.ZHENFU_REVIEW_REQUIRED,
    refundLimitFen: settings.ZHENFU_REFUND_LIMIT_FEN,
    phoneUrl: given.phoneUrl,
    secureCookies: publicBaseUrl.startsWith('https:'),
    webFolder: join(import.meta.dirname, '..', 'dist', 'web'),
  };
  const server = await buildServer(parts, logger);
  const worker = new Worker({ ...parts, webhook: planWebhook(settings).target });
  let stopWatching: () => void = () => undefined;
  return {
    parts,
    server,
    worker,
    async listen(host, port) {
      worker.start();
      stopWatching = watchChanges(parts);
      return server.listen({ host, port });
    },
    async stop() {
      stopWatching();
      await server.close();
      await worker.stop();
      await store.close();
    },
  };
}

function describeMethod(method: PaymentMethod, enabled: boolean) {
  const needs = method === 'alipay' ? 'ALIPAY_APP_ID' : 'WECHAT_MCH_ID';
  return {
    method,
    enabled,
    reason_zh: enabled ? null : `尚未配置（${needs}）`,
    reason_en: enabled ? null : `Not configured (${needs})`,
  };
}

/** Structured lines on standard output. Shapes are allow-listed where they are written; redaction is the second belt. */
export function makeLogger(settings: Pick<Settings, 'ZHENFU_LOG_LEVEL'>): FastifyBaseLogger {
  return pino({
    level: settings.ZHENFU_LOG_LEVEL,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: [
      'req.headers.authorization',
      'req.headers.cookie',
      '*.authorization',
      '*.cookie',
      '*.token',
      '*.key',
    ],
  });
}

function logOf(logger: FastifyBaseLogger | false): Log {
  const write = (level: 'info' | 'warn' | 'error'): Log['info'] =>
    logger === false ? () => undefined : (event, fields) => logger[level]({ event, ...fields });
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

/** The wallets' order subject has little room: the first ten characters, none of them cut in half. */
export function shortNameOf(name: string): string {
  return Array.from(name).slice(0, 10).join('');
}

export function makeFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

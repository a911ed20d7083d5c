import { readFileSync } from 'node:fs';
import { speakBothLanguages } from '#trouble';
import { z } from 'zod';

/**
 * Everything that can be set, by the names of design.md section 9. One schema; each secret also as
 * NAME_FILE. A name that begins with ZHENFU_ and is not here is refused: a mistyped switch must not
 * be a silent one.
 */
const text = z.string().trim().min(1);
const port = z.coerce.number().int().min(1).max(65_535);
const url = z.url({ protocol: /^https?$/ });
const flag = z
  .enum(['true', 'false', '1', '0', 'on', 'off'])
  .transform((word) => ['true', '1', 'on'].includes(word));

/** Standard Webhooks: 24 to 64 bytes as Base64 behind a prefix that secret scanners know. */
const webhookSecret = z
  .string()
  .regex(/^whsec_(?:[A-Za-z0-9+/]{4}){7,21}(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)$/);

export const settingsSchema = z.object({
  ALIPAY_APP_ID: text.optional(),
  ALIPAY_APP_PRIVATE_KEY: text.optional(),
  ALIPAY_PUBLIC_KEY: text.optional(),
  ALIPAY_GATEWAY_URL: url.default('https://openapi.alipay.com/gateway.do'),
  ALIPAY_SELLER_ID: text.optional(),
  ALIPAY_PRODUCT_CODE: z.enum(['FACE_TO_FACE_PAYMENT', 'QR_CODE_OFFLINE']).optional(),
  ALIPAY_APP_CERT_PATH: text.optional(),
  ALIPAY_CERT_PATH: text.optional(),
  ALIPAY_ROOT_CERT_PATH: text.optional(),
  WECHAT_APP_ID: text.optional(),
  WECHAT_MCH_ID: text.optional(),
  WECHAT_API_KEY: text.optional(),
  WECHAT_CERT_PATH: text.optional(),
  WECHAT_KEY_PATH: text.optional(),
  WECHAT_PUBLIC_KEY_ID: text.optional(),
  WECHAT_PUBLIC_KEY_PATH: text.optional(),
  WECHAT_GATEWAY_URL: url.default('https://api.mch.weixin.qq.com'),
  WECHAT_GATEWAY_BACKUP_URL: url.optional(),
  PUBLIC_BASE_URL: url.optional(),
  DATABASE_URL: z
    .string()
    .regex(/^mysql:\/\/\S+$/)
    .optional(),
  DATA_DIR: text.default('./data'),
  HOST: text.default('127.0.0.1'),
  PORT: port.default(8080),
  SIMULATOR_PORT: port.default(8090),
  ZHENFU_CLINIC_NAME: z.string().trim().min(1).max(64).default('诊付示范诊所'),
  ZHENFU_CLINIC_SHORT_NAME: z.string().trim().min(1).max(12).optional(),
  ZHENFU_REVIEW_REQUIRED: flag.default(false),
  ZHENFU_REFUND_LIMIT_FEN: z.coerce.number().int().min(0).max(10_000_000_000).default(50_000),
  ZHENFU_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug']).default('info'),
  ZHENFU_SIM_TOKEN: text.optional(),
  ZHENFU_WEBHOOK_URL: url.optional(),
  ZHENFU_WEBHOOK_ALLOW: text.optional(),
  ZHENFU_WEBHOOK_SECRET: webhookSecret.optional(),
  ZHENFU_WEBHOOK_FORMER_SECRET: webhookSecret.optional(),
  ZHENFU_WECHAT_FORMER_API_KEY: text.optional(),
  ZHENFU_WECHAT_API_KEY_REPLACED_AT: z.iso.datetime({ offset: true }).optional(),
});

export type Settings = z.infer<typeof settingsSchema>;

const secrets = [
  'ALIPAY_APP_PRIVATE_KEY',
  'ALIPAY_PUBLIC_KEY',
  'WECHAT_API_KEY',
  'DATABASE_URL',
  'ZHENFU_SIM_TOKEN',
  'ZHENFU_WECHAT_FORMER_API_KEY',
  'ZHENFU_WEBHOOK_SECRET',
  'ZHENFU_WEBHOOK_FORMER_SECRET',
] as const;

/** One thing wrong, in words, with its fix; all of them are told at once. */
export interface SettingFault {
  field: string;
  problem: string;
  fix: string;
}

/**
 * Reads the settings from an environment. Faults name the setting and never show a value. What is
 * usable is returned beside them, so that the channels' faults can be told in the same breath.
 */
export function readSettings(env: Record<string, string | undefined>): {
  settings: Settings;
  faults: SettingFault[];
} {
  speakBothLanguages();
  const faults: SettingFault[] = [];
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && value !== '') given[name] = value;
  }
  for (const name of secrets) readSecretFile(given, name, faults);
  for (const name of Object.keys(given)) {
    if (!name.startsWith('ZHENFU_') || name.startsWith('ZHENFU_TEST_') || name in settingsSchema.shape)
      continue;
    faults.push({
      field: name,
      problem: '没有这个设置项 · No such setting',
      fix: '检查拼写，或删除它 · Check the spelling, or remove it',
    });
  }
  const parsed = settingsSchema.safeParse(given);
  if (parsed.success) return { settings: parsed.data, faults };
  for (const issue of parsed.error.issues) {
    const fix = '参见 docs/howto/configure.md · See docs/howto/configure.md';
    const field = issue.path.join('.');
    faults.push({ field, problem: issue.message, fix });
    delete given[field];
  }
  return { settings: settingsSchema.parse(given), faults };
}

function readSecretFile(given: Record<string, string>, name: string, faults: SettingFault[]): void {
  const path = given[`${name}_FILE`];
  delete given[`${name}_FILE`];
  if (path === undefined) return;
  if (given[name] !== undefined) {
    faults.push({
      field: name,
      problem: `${name} 与 ${name}_FILE 同时存在 · Both ${name} and ${name}_FILE are set`,
      fix: '只保留一个 · Keep one of them',
    });
    return;
  }
  try {
    given[name] = readFileSync(path, 'utf8').trim();
  } catch {
    faults.push({
      field: `${name}_FILE`,
      problem: '文件无法读取 · The file cannot be read',
      fix: '检查路径与权限 · Check its path and rights',
    });
  }
}

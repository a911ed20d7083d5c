import { isHostAndPort, readTarget, type TargetFault, type WebhookTarget } from '#outbox';
import type { SettingFault, Settings } from './settings.ts';

export interface WebhookPlan {
  /** Where events go; undefined while no address is set: they are written down and wait. */
  target?: WebhookTarget;
  faults: SettingFault[];
}

/** Turns settings into the target of webhooks, and names every fault at once. */
export function planWebhook(settings: Settings): WebhookPlan {
  const { ZHENFU_WEBHOOK_URL: url, ZHENFU_WEBHOOK_SECRET: secret } = settings;
  const listed = (settings.ZHENFU_WEBHOOK_ALLOW ?? '').split(',').map((entry) => entry.trim());
  const faults = listed.filter((entry) => entry !== '' && !isHostAndPort(entry)).map(() => badEntry);
  if (url === undefined) return { faults };
  const target = readTarget(url, listed, [settings.PORT, settings.SIMULATOR_PORT]);
  if (typeof target === 'string') faults.push({ field: 'ZHENFU_WEBHOOK_URL', ...words[target] });
  if (secret === undefined) faults.push(noSecret);
  if (faults.length > 0 || typeof target === 'string' || secret === undefined) return { faults };
  const secrets = [secret, settings.ZHENFU_WEBHOOK_FORMER_SECRET].filter((one) => one !== undefined);
  return { target: { url, secrets, mayConnect: target.mayConnect }, faults };
}

const badEntry: SettingFault = {
  field: 'ZHENFU_WEBHOOK_ALLOW',
  problem: '有一项不是“主机:端口” · An entry is not host:port',
  fix: '写成 192.168.1.20:8081，多项用逗号分隔 · Write 192.168.1.20:8081, several with commas between',
};

const noSecret: SettingFault = {
  field: 'ZHENFU_WEBHOOK_SECRET',
  problem: '缺少签名密钥 · The signing secret is missing',
  fix: 'whsec_ 加上 openssl rand -base64 32 的输出 · whsec_ and what openssl rand -base64 32 prints',
};

const words: Record<TargetFault, { problem: string; fix: string }> = {
  not_http: {
    problem: '不是 http 或 https 地址 · It is no http or https address',
    fix: '写成 https://his.clinic.example:8443/events · Write https://his.clinic.example:8443/events',
  },
  odd_spelling: {
    problem: '主机写法与实际所指不同 · The host does not read as it is written',
    fix: '用小写域名或普通 IP，末尾不加点，域名用 punycode · A lower-case name or a plain address, no dot at its end, punycode for other scripts',
  },
  credentials: {
    problem: '地址里不能有用户名和密码 · It holds a user name or password',
    fix: '去掉它们；对方验证签名 · Take them out; the receiver verifies the signature',
  },
  fragment: {
    problem: '# 之后的部分不会发送 · What follows # never travels',
    fix: '去掉它 · Take it out',
  },
  not_listed: {
    problem: '不在允许列表里 · It is not on the allow list',
    fix: '把它的“主机:端口”写进 ZHENFU_WEBHOOK_ALLOW · Put its host:port into ZHENFU_WEBHOOK_ALLOW',
  },
  forbidden_address: {
    problem:
      '这个地址不会是诊所系统（元数据、链路本地、组播、本服务自己） · No clinic system has this address: metadata, link-local, multicast, or ourselves',
    fix: "填写诊所系统的地址 · Give the address of the clinic's system",
  },
};

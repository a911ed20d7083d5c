/** `node simulator/main.ts`: the simulators alone. */
import { join } from 'node:path';
import { fileDocuments } from './kernel/documents.ts';
import { deliverOverHttp, isLoopback } from './kernel/deliver.ts';
import { writeMerchantEnv } from './merchant.ts';
import { createSimulator } from './server.ts';

const help = `模拟网关：本机上的支付宝与微信支付 The simulators: Alipay and WeChat Pay on this machine

  node simulator/main.ts

  SIMULATOR_PORT           8090         端口 port; 0 takes any free one
  HOST                     127.0.0.1    监听地址 address to listen on
  DATA_DIR                 ./data       状态与模拟密钥在其下 simulator/ state and pretend keys, in simulator/
  ZHENFU_SIM_TOKEN         (无 none)    其他机器使用 /_sim 与手机页的口令 lets other machines use /_sim and the phone
  ZHENFU_SIM_URL           (自动 auto)  写入 merchant.env 的地址 the address written to merchant.env
  ZHENFU_SIM_NOTIFY_HOSTS  (无 none)    除本机外可用 http 通知的主机，逗号分隔 hosts that may be notified over http
`;

/** A channel's keys in the environment are real unless its gateway is this very machine. */
function realKeys(environment: NodeJS.ProcessEnv): string[] {
  return ['ALIPAY', 'WECHAT'].flatMap((channel) => {
    const gateway = environment[`${channel}_GATEWAY_URL`] ?? '';
    if (URL.canParse(gateway) && isLoopback(new URL(gateway).hostname)) return [];
    return Object.keys(environment).filter(
      (name) => name.startsWith(`${channel}_`) && environment[name] !== '',
    );
  });
}

function refuse(words: string): never {
  console.error(words);
  process.exit(1);
}

const environment = process.env;
if (process.argv.includes('--help')) {
  console.log(help);
  process.exit(0);
}
const real = realKeys(environment);
if (real.length > 0) {
  refuse(
    `环境中有真实商户配置（${real.join('、')}），模拟网关拒绝启动。请清除这些变量后再试。\n` +
      'Real merchant settings are in the environment: the simulators do not start beside them. Unset them first.',
  );
}
const port = Number(environment['SIMULATOR_PORT'] || 8090);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  refuse('SIMULATOR_PORT 应为 0 至 65535 的整数 must be a whole number from 0 to 65535');
}

const host = environment['HOST'] || '127.0.0.1';
const dir = join(environment['DATA_DIR'] || './data', 'simulator');
const token = environment['ZHENFU_SIM_TOKEN'] || undefined;
const simulator = await createSimulator({
  onFault: (error) => console.error('simulator:', error),
  documents: fileDocuments(dir),
  deliver: deliverOverHttp(
    (environment['ZHENFU_SIM_NOTIFY_HOSTS'] ?? '').split(',').filter((name) => name !== ''),
  ),
  ...(token === undefined ? {} : { token }),
});

const url = await simulator.listen(port, host).catch((error: unknown) => {
  const busy = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  if (!busy) throw error;
  return refuse(`端口 ${port} 已被占用，请另设 SIMULATOR_PORT。Port ${port} is taken: set SIMULATOR_PORT.`);
});
const merchantEnv = writeMerchantEnv(simulator.merchants, dir, environment['ZHENFU_SIM_URL'] || url);
console.log(
  JSON.stringify({
    ready: true,
    url,
    phone: `${url}/phone`,
    weather: `${url}/weather`,
    merchant_env: merchantEnv,
  }),
);

function end(): void {
  void simulator.close().then(() => process.exit(0));
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, end);
// Started by the product: its end of this pipe closes when it dies, by kill -9 too, and no pretend bank
// stays behind.
if (environment['ZHENFU_SIM_ATTACHED'] === 'true') process.stdin.resume().once('end', end);

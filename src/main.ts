import { CannotStart, serve } from './serve.ts';

/** `npm start`: brings the service up, says where it is, and ends in order when asked to. */
async function main(): Promise<void> {
  try {
    const service = await serve(process.env);
    announce(service);
    let ending = false;
    const end = (): void => {
      if (ending) return;
      ending = true;
      void service.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`${String(error)}\n`);
          process.exit(1);
        },
      );
    };
    process.on('SIGTERM', end);
    process.on('SIGINT', end);
  } catch (error) {
    if (error instanceof CannotStart) {
      process.stderr.write(
        `\n诊付无法启动，请逐项修正 · Zhenfu cannot start; mend each of these:\n\n${error.message}\n\n`,
      );
    } else {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    }
    process.exit(1);
  }
}

function announce(service: Awaited<ReturnType<typeof serve>>): void {
  const world = { live: '正式 live', sandbox: '沙箱 sandbox', simulated: '模拟 simulated' }[
    service.gatewayWorld
  ];
  const lines = [
    '',
    `诊付 Zhenfu 已就绪 · ready (${world})`,
    `  收费台 Cashier   ${service.address}`,
    `  一次性登录 Login  ${service.loginUrl}`,
    ...(service.phoneUrl === null ? [] : [`  模拟手机 Phone   ${service.phoneUrl}`]),
    `  接口文档 API      ${service.address}/docs`,
    ...service.warnings.map(({ field, problem, fix }) => `  ! ${field}: ${problem} → ${fix}`),
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

process.on('unhandledRejection', (reason) => {
  process.stderr.write(
    `unhandled: ${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}\n`,
  );
  process.exit(70);
});

await main();

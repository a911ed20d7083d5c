import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureClinic } from '#clinic';
import type { GatewayWorld } from '#channel';
import { planChannels, planWebhook, publicAddress, type Settings } from '#config';
import { BackupFault, backupSqlite, restoreSqlite } from '#store';
import { rfc3339, systemWorld, type World } from '#world';
import { makeFolder, shortNameOf } from '../app.ts';
import { CannotStart, openDatabase, settingsOf } from '../serve.ts';
import { runCommand, type CommandAnswer, type CommandName } from './commands.ts';
import { askService } from './socket.ts';

const help = `诊付命令行 · Zhenfu command line

  npm run --silent zhenfu -- <command> [options]

  serve                               启动服务 · run the service (npm start does this too)
  migrate                             建库或升级 · create or upgrade the database
  login-link                          新的一次性登录链接 · a new one-time login link
  api-key create --name N --scope S   新的 API 密钥（all 或 bills,payments,prescriptions,queries,refunds）
                                      a new API key, shown once
  backup FILE                         在线备份（SQLite），备份后即校验 · an online backup, examined at once
  restore FILE                        还原备份（先停服务），原库保留在旁 · restore; the old database stays beside
  doctor                              检查配置，不启动 · check the settings without starting

  --json   只输出 JSON · print JSON only
  --help   本说明 · this text

退出码 Exit codes: 0 完成 done · 1 失败 failed · 2 用法有误 wrong usage
`;

interface Options {
  name?: string | undefined;
  scope?: string | undefined;
  json: boolean;
}

async function main(): Promise<number> {
  let words: string[];
  let options: Options;
  try {
    const parsed = parseArgs({
      allowPositionals: true,
      options: {
        name: { type: 'string' },
        scope: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    words = parsed.positionals;
    options = parsed.values;
    if (parsed.values.help || words.length === 0)
      return say(help, words.length === 0 && !parsed.values.help ? 2 : 0);
  } catch (error) {
    return say(`${error instanceof Error ? error.message : String(error)}\n\n${help}`, 2);
  }
  const [verb, file] = words;
  if ((verb === 'backup' || verb === 'restore') && words.length === 2 && file !== undefined) {
    return verb === 'backup' ? backUp(file, options) : restore(file, options);
  }
  const command = words.join(' ');
  if (command === 'serve') {
    await import('../main.ts');
    return -1;
  }
  if (command === 'migrate') return migrate(options);
  if (command === 'doctor') return doctor(options);
  if (command === 'login-link' || command === 'api-key create') return ask(command, options);
  return say(`没有这个命令 · no such command: ${command}\n\n${help}`, 2);
}

async function ask(name: CommandName, options: Options): Promise<number> {
  const settings = settingsOf(process.env);
  const { json: _json, ...values } = options;
  const answer =
    (settings.DATABASE_URL === undefined ? await askService(settings.DATA_DIR, name, values) : undefined) ??
    (await askDatabase(name, values));
  if (!answer.ok) return say(`${answer.words}\n`, 2);
  if (options.json) return say(`${JSON.stringify(answer.result)}\n`, 0);
  return say(
    `${Object.entries(answer.result)
      .map(([key, value]) => `${key}: ${value}`)
      .join('\n')}\n`,
    0,
  );
}

async function askDatabase(
  name: CommandName,
  values: Record<string, string | undefined>,
): Promise<CommandAnswer> {
  const settings = settingsOf(process.env);
  makeFolder(settings.DATA_DIR);
  const world = systemWorld(() => false);
  const store = await openDatabase(settings, world, kindOf(settings, world));
  try {
    const names = {
      name: settings.ZHENFU_CLINIC_NAME,
      shortName: settings.ZHENFU_CLINIC_SHORT_NAME ?? shortNameOf(settings.ZHENFU_CLINIC_NAME),
    };
    const clinic = await ensureClinic(store, names, world.now());
    return await runCommand({ world, store, clinic, address: publicAddress(settings) }, name, values);
  } finally {
    await store.close();
  }
}

async function migrate(options: Options): Promise<number> {
  const settings = settingsOf(process.env);
  makeFolder(settings.DATA_DIR);
  const world = systemWorld(() => false);
  const store = await openDatabase(settings, world, kindOf(settings, world));
  await store.close();
  return say(
    options.json
      ? `{"migrated":true,"engine":"${store.engine}"}\n`
      : `数据库已就绪 · the database is ready (${store.engine})\n`,
    0,
  );
}

/** The embedded database of these settings; MySQL is backed up by its own tools, and we say so. */
function databaseFile(): string {
  const settings = settingsOf(process.env);
  if (settings.DATABASE_URL !== undefined) {
    throw new BackupFault(
      'MySQL/MariaDB 请用 mariadb-dump --single-transaction 备份 · back MySQL up with mariadb-dump --single-transaction',
    );
  }
  return join(settings.DATA_DIR, 'zhenfu.db');
}

async function backUp(file: string, options: Options): Promise<number> {
  const shown = (done: number, all: number): void => {
    if (!options.json && process.stderr.isTTY) process.stderr.write(`\r备份 backup ${done}/${all}`);
  };
  const found = await backupSqlite(databaseFile(), file, shown);
  return say(
    options.json
      ? `${JSON.stringify(found)}\n`
      : `\n已备份并校验 · backed up and examined: ${found.file} (${found.bills} bills, ${found.events} events)\n`,
    0,
  );
}

async function restore(file: string, options: Options): Promise<number> {
  const target = databaseFile();
  const aside = `${target}.before-restore-${rfc3339(systemWorld(() => false).now()).replaceAll(':', '')}`;
  const found = await restoreSqlite(file, target, aside);
  return say(
    options.json
      ? `${JSON.stringify(found)}\n`
      : `已还原 · restored: ${found.file} (${found.bills} bills, ${found.events} events)\n`,
    0,
  );
}

function kindOf(settings: Settings, world: World): GatewayWorld {
  return planChannels(settings, world.now()).gatewayWorld ?? 'simulated';
}

function doctor(options: Options): number {
  const settings = settingsOf(process.env);
  const { faults, warnings } = planChannels(settings, systemWorld(() => false).now());
  faults.push(...planWebhook(settings).faults);
  if (options.json) return say(`${JSON.stringify({ faults, warnings })}\n`, faults.length === 0 ? 0 : 1);
  const lines = [
    ...faults.map(({ field, problem, fix }) => `✗ ${field}: ${problem} → ${fix}`),
    ...warnings.map(({ field, problem, fix }) => `! ${field}: ${problem} → ${fix}`),
    faults.length === 0 ? '配置可用 · the settings are usable' : '请修正以上各项 · mend the above',
  ];
  return say(`${lines.join('\n')}\n`, faults.length === 0 ? 0 : 1);
}

function say(text: string, code: number): number {
  (code === 0 ? process.stdout : process.stderr).write(text);
  return code;
}

try {
  const code = await main();
  if (code >= 0) process.exitCode = code;
} catch (error) {
  const words =
    error instanceof CannotStart ? error.message : error instanceof Error ? error.message : String(error);
  process.stderr.write(`${words}\n`);
  process.exitCode = 1;
}

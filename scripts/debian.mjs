// The programs that tests use and npm cannot bring: which are here, and how the missing ones come.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run, say } from './bootstrap.mjs';

/** Each is named by its Debian package. The server alone, without the service that Debian would start. */
const needs = [
  { pack: 'chromium', serves: 'browser', isHere: () => hasProgram('chromium') },
  { pack: 'mariadb-server-core', serves: 'mysql', isHere: () => hasProgram('mariadbd') },
  { pack: 'zbar-tools', serves: 'zbar', isHere: () => hasProgram('zbarimg') },
  { pack: 'fonts-noto-cjk', serves: 'browser', isHere: () => hasFont('NotoSansCJK') },
];

/** What is missing here: `pack`, the Debian package, and `serves`, what the tests need it for. */
export function missing() {
  return needs.filter((need) => !need.isHere());
}

/** Installs what is missing where we may: root or passwordless sudo, and apt-get. Answers what is still missing. */
export async function install() {
  const packs = missing().map((need) => need.pack);
  if (packs.length === 0) return [];
  const apt = aptGet();
  if (apt === undefined) return missing();
  say(
    `正在安装测试所需的软件包：${packs.join(' ')}……`,
    `Installing what the tests need: ${packs.join(' ')} …`,
  );
  const [command, ...args] = apt;
  await run(command, [...args, 'update', '-qq'], { stdio: ['ignore', 2, 2] });
  await run(command, [...args, 'install', '-y', '-qq', '--no-install-recommends', ...packs], {
    stdio: ['ignore', 2, 2],
  });
  return missing();
}

/** apt-get as a command line with the right to install, or undefined. */
function aptGet() {
  if (!hasProgram('apt-get')) return undefined;
  const quiet = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-o', 'DPkg::Lock::Timeout=120'];
  if (process.getuid?.() === 0) return quiet;
  return spawnSync('sudo', ['-n', 'true']).status === 0 ? ['sudo', '-n', ...quiet] : undefined;
}

/** Servers live in sbin, which is not on everybody's PATH. */
function hasProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin'];
  return folders.some((folder) => existsSync(join(folder, name)));
}

function hasFont(name) {
  const fonts = '/usr/share/fonts';
  return existsSync(fonts) && readdirSync(fonts, { recursive: true }).some((file) => file.includes(name));
}

// The programs that tests use and npm cannot bring: which are here, and how the missing ones come.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run, say } from './bootstrap.mjs';

/**
 * By Debian package. Of MariaDB the server's core alone, without the service that Debian would start; its
 * installer takes one program from the client's. A server that somebody lends the tests is as good.
 */
const needs = [
  { pack: 'chromium', serves: 'browser', isHere: () => hasProgram('chromium') },
  { pack: 'fonts-noto-cjk', serves: 'browser', isHere: () => hasFont('NotoSansCJK') },
  { pack: 'mariadb-server-core', serves: 'mysql', isHere: () => isLent() || hasProgram('mariadbd') },
  { pack: 'mariadb-client-core', serves: 'mysql', isHere: () => isLent() || hasProgram('my_print_defaults') },
  { pack: 'strace', serves: 'strace', isHere: () => hasProgram('strace') },
  { pack: 'zbar-tools', serves: 'zbar', isHere: () => hasProgram('zbarimg') },
];

const isLent = () => (process.env.ZHENFU_TEST_MYSQL_URL ?? 'none') !== 'none';

/** What is missing here: `pack`, the Debian package, and `serves`, what the tests need it for. */
export function missing() {
  return needs.filter((need) => !need.isHere());
}

/** Installs what is missing where we may: root or passwordless sudo, and apt-get. Answers what is still missing. */
export async function install() {
  const packs = missing().map((need) => need.pack);
  const apt = packs.length === 0 ? undefined : aptGet();
  if (apt === undefined) return missing();
  say(
    `正在安装测试所需的软件包：${packs.join(' ')}……`,
    `Installing what the tests need: ${packs.join(' ')} …`,
  );
  const [command, ...first] = apt;
  for (const task of [['update'], ['install', '-y', '--no-install-recommends', ...packs]]) {
    await run(command, [...first, '-qq', ...task], { stdio: ['ignore', 2, 2] });
  }
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
  const fonts = ['/usr/share/fonts', '/usr/local/share/fonts'].filter((folder) => existsSync(folder));
  return fonts.some((folder) => readdirSync(folder, { recursive: true }).some((file) => file.includes(name)));
}

// What every command needs before it can do its own work: the packages of the lock file and the pinned
// Node 24. Plain JavaScript without a dependency, because it runs on whatever Node ≥ 20 stands here.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const STAMP = join('node_modules', '.zhenfu-lock');
const NPM_RECORD = join('node_modules', '.package-lock.json');
/** The process id of the npm that is installing, so that no two of them write into each other's work. */
const INSTALLER = join(root, '.cache', 'installer.pid');

/** Progress for people, Chinese first. On stderr: stdout belongs to the command that is being run. */
export function say(chinese, english) {
  process.stderr.write(`${chinese}\n${english}\n`);
}

/** Says what is wrong and how to mend it, and ends: the reader is a person at a terminal, not a program. */
export function giveUp(chinese, english) {
  say(`错误：${chinese}`, `error: ${english}`);
  process.exit(1);
}

/** Brings the packages up to the lock file and answers the Node 24 that runs the project. */
export async function bootstrap() {
  if (!isInstalled(root)) await installationToEnd();
  if (!isInstalled(root)) await install();
  return findNode();
}

/** Whether the packages in `folder` are those of its lock file, whole, and made for this machine. */
export function isInstalled(folder) {
  const lock = readText(join(folder, 'package-lock.json'));
  const stamp = `${createHash('sha256').update(lock).digest('hex')} ${process.platform} ${process.arch}\n`;
  if (readText(join(folder, STAMP)) === stamp) return true;
  if (!npmWroteItDown(folder, lock)) return false;
  writeFileSync(join(folder, STAMP), stamp);
  return true;
}

/**
 * npm keeps a record of what it installed and writes it last, so an install that was killed has none;
 * a developer's own `npm ci` or `npm install` has one too. Optional packages are not asked about: most
 * are for other machines.
 */
function npmWroteItDown(folder, lock) {
  const record = readText(join(folder, NPM_RECORD));
  if (record === undefined) return false;
  const present = JSON.parse(record).packages;
  return Object.entries(JSON.parse(lock).packages).every(
    ([path, pack]) =>
      path === '' ||
      pack.optional ||
      (present[path]?.version === pack.version && existsSync(join(folder, path, 'package.json'))),
  );
}

/** Waits for an npm that a start beside this one began, or one that was killed left behind. */
async function installationToEnd() {
  const isRunning = () => {
    const pid = Number(readText(INSTALLER) ?? 0);
    // The number may have gone to another process since; Linux tells what it is.
    return pid > 0 && (readText(`/proc/${pid}/cmdline`) ?? '').includes('npm');
  };
  if (isRunning()) say('另一个安装正在进行，等待其结束……', 'Another install is under way; waiting for it …');
  const waitedEnough = performance.now() + 600_000;
  while (isRunning() && performance.now() < waitedEnough) await new Promise((done) => setTimeout(done, 500));
}

/**
 * Installs exactly the lock file. No package may run a script of its own; development packages come along
 * even where NODE_ENV says production, because the web is built from them.
 */
async function install() {
  say('正在安装依赖，首次约需一分钟……', 'Installing the packages; the first time takes about a minute …');
  // From here to the end nothing may say that the install is whole.
  for (const claim of [STAMP, NPM_RECORD]) rmSync(join(root, claim), { force: true });
  const startedAt = performance.now();
  const seconds = () => Math.round((performance.now() - startedAt) / 1000);
  const still = setInterval(
    () => say(`……仍在安装，已 ${seconds()} 秒`, `… still installing, ${seconds()} s`),
    15_000,
  );
  const code = await npm(
    'ci',
    '--ignore-scripts',
    '--include=dev',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  );
  clearInterval(still);
  if (code !== 0 || !isInstalled(root)) {
    giveUp(
      '依赖安装失败，原因见上。请检查网络与 npm 源（~/.npmrc）后重试。',
      'installing the packages failed, for the reason above. Check the network and the npm registry (~/.npmrc), then try again.',
    );
  }
  say(`依赖已安装（${seconds()} 秒）。`, `Packages installed (${seconds()} s).`);
}

/** npm itself, with the configuration of the person who called us (HOME/.npmrc, environment). */
function npm(...args) {
  const cli = process.env.npm_execpath;
  const [command, first] = cli?.endsWith('.js') ? [process.execPath, [cli]] : ['npm', []];
  return run(command, [...first, ...args], { stdio: ['ignore', 2, 2], onStart: noteInstaller });
}

function noteInstaller(pid) {
  if (pid !== undefined) writeFileSync(INSTALLER, String(pid));
}

/** The Node the project pins, else the running one where it is of the same line; else words. */
function findNode() {
  const pinned = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(pinned) && (pinned === process.execPath || runs(pinned))) return pinned;
  if (isOurLine(process.versions.node)) return process.execPath;
  return giveUp(
    `本机（${process.platform} ${process.arch}）没有随附的 Node 24，当前 Node 为 ${process.versions.node}。` +
      '请安装 Node 24.15 或更高的 24.x（https://nodejs.org）后重试。',
    `no Node 24 comes along for this machine (${process.platform} ${process.arch}), and the running one is ` +
      `${process.versions.node}. Install Node 24.15 or a later 24.x (https://nodejs.org) and try again.`,
  );
}

/** The pinned binary needs glibc: on musl it is there and does not start. */
function runs(node) {
  return spawnSync(node, ['--version']).status === 0;
}

/** `node:sqlite` is settled from 24.15 on; a new major is for us to try first. */
export function isOurLine(version) {
  const [major, minor] = version.split('.').map(Number);
  return major === 24 && minor >= 15;
}

/** A file's text, or undefined where there is no such file. */
export function readText(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** The environment of the pinned Node: its compiled code is kept, so that a second start is quick. */
export function environment() {
  const cache = join(root, '.cache', 'node');
  mkdirSync(cache, { recursive: true });
  return { NODE_COMPILE_CACHE: cache, ...process.env };
}

/**
 * Runs a program to its end and answers its exit code: 127 when it cannot be started, 1 when a signal ended
 * it. Who asks this script to end has asked the program.
 */
export async function run(command, args, { onStart, ...options } = {}) {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit', env: environment(), ...options });
  onStart?.(child.pid);
  const stop = () => child.kill('SIGTERM');
  process.once('SIGTERM', stop);
  const code = await new Promise((resolve) => {
    child.on('error', () => resolve(127));
    child.on('exit', (status) => resolve(status ?? 1));
  });
  process.off('SIGTERM', stop);
  return code;
}

/**
 * Ends this script by becoming `node args…`. Where Node can (≥ 22.15) the process itself is replaced and
 * nothing lingers between npm and the service; else signals and the exit code are passed through.
 */
export async function become(node, args) {
  process.chdir(root);
  if (process.execve) process.execve(node, [node, ...args], environment());
  const child = spawn(node, args, { stdio: 'inherit', env: environment() });
  // A terminal sends Ctrl-C to the whole group: passing SIGINT on would be pressing it twice.
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) {
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal)));
  }
  const [code, signal] = await new Promise((resolve) => child.on('exit', (...end) => resolve(end)));
  if (signal !== null) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  }
  process.exitCode = code ?? 1;
}

// `npm test`: installs what it lacks, runs every test, and closes with one honest line of numbers.
//   npm test                       everything
//   npm test -- --project unit     what vitest is told after `--`; a part of the suite needs no packages
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, environment, readText, root, run, say } from './bootstrap.mjs';
import { install } from './debian.mjs';
import { closingLine, count, faultsOf } from './verdict.mjs';

const asked = process.argv.slice(2);
const everything = asked.length === 0;
const inCi = process.env.CI === 'true';
const results = join(root, 'test-results');
const report = join(results, 'vitest.json');

const node = await bootstrap();
const absent = everything ? await install() : [];
mkdirSync(results, { recursive: true });
rmSync(report, { force: true });

const without = new Set(absent.map((need) => need.serves));
const args = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json'];
args.push(`--outputFile.json=${report}`, ...asked);
if (without.has('browser')) args.push('--project=!browser');
// The global setup starts a server where it finds one; half a MariaDB is none.
const withoutMysql = without.has('mysql') ? { ZHENFU_TEST_MYSQL_URL: 'none' } : {};
const code = await run(node, args, { env: { ...environment(), ...withoutMysql } });

if (absent.length > 0) nameWhatWasLeftOut();
const numbers = count(JSON.parse(readText(report) ?? 'null'));
const faults = faultsOf({ code, numbers, absent, inCi });
for (const [chinese, english] of faults) say(`失败：${chinese}`, `fail: ${english}`);
console.log(closingLine(numbers));
process.exitCode = faults.length === 0 ? 0 : 1;

function nameWhatWasLeftOut() {
  const packs = absent.map((need) => need.pack).join(' ');
  const left = {
    browser: ['浏览器测试', 'the browser tests'],
    mysql: ['MySQL/MariaDB 上的测试', 'the tests on MySQL/MariaDB'],
    strace: ['断电与坏盘测试', 'the tests of lost power and failing disks'],
    zbar: ['zbarimg 识码测试', 'reading codes with zbarimg'],
  };
  for (const part of without) say(`未运行：${left[part][0]}`, `not run: ${left[part][1]}`);
  say(
    `请安装后重试：sudo apt-get install -y ${packs}`,
    `install and run again: sudo apt-get install -y ${packs}`,
  );
}

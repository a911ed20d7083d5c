// `npm run check`: everything that can be known without running the product. Each step is told, none is left out.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, root, run } from './bootstrap.mjs';

const steps = [
  { name: 'types', tool: 'typescript/bin/tsc', args: ['-p', 'tsconfig.json'] },
  { name: 'types of the web', tool: 'typescript/bin/tsc', args: ['-p', 'web/tsconfig.json'] },
  { name: 'lint', tool: 'oxlint/bin/oxlint', args: ['--type-aware'] },
  { name: 'format', tool: 'oxfmt/bin/oxfmt', args: ['--check', '.'] },
  { name: 'unused code', tool: 'knip/bin/knip.js', args: ['--no-progress'] },
  {
    name: 'tidy',
    tool: 'vitest/vitest.mjs',
    args: ['run', '--project', 'unit', '--passWithNoTests=false', '--reporter=dot', 'test/tidy.test.ts'],
  },
].filter(({ args }) => args[0] !== '-p' || existsSync(join(root, args[1])));

const node = await bootstrap();
const failed = [];
for (const { name, tool, args } of steps) {
  const startedAt = performance.now();
  const code = await run(node, [join('node_modules', tool), ...args]);
  if (code !== 0) failed.push(name);
  console.log(
    `${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`,
  );
}
console.log(failed.length === 0 ? 'check: clean' : `check: failed in ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;

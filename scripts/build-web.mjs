// Builds the web when its sources changed since the last build. Run alone (`npm run build:web`) or by start.mjs.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bootstrap, environment, giveUp, readText, root, run, say } from './bootstrap.mjs';

const built = join(root, 'dist', 'web');
const stampFile = join(root, 'dist', 'web.digest');

/** What the web in `folder` is made of: its own files, the doors it may use in src/, and the packages. */
function sources(folder) {
  const states = readdirSync(join(folder, 'src')).map((part) => `src/${part}/states.ts`);
  const all = [...filesIn(folder, 'web'), ...filesIn(folder, 'src/money'), ...states, 'package-lock.json'];
  return all.filter((file) => existsSync(join(folder, file)) && !/\.test\.tsx?$/.test(file)).sort();
}

function filesIn(folder, part) {
  return readdirSync(join(folder, part), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath ?? entry.path, entry.name)));
}

/** One text that changes when any source of the web does, by name or by content. */
export function digestOfSources(folder) {
  const digest = createHash('sha256');
  for (const file of sources(folder)) {
    const content = readFileSync(join(folder, file));
    digest.update(`${file}\0${content.length}\0`).update(content);
  }
  return digest.digest('hex');
}

/** Answers when dist/web is what the sources say. A build that was killed leaves no stamp and is repeated. */
export async function buildWeb(node) {
  if (!existsSync(join(root, 'web', 'index.html'))) return;
  const digest = digestOfSources(root);
  if (readText(stampFile) === digest && existsSync(join(built, 'index.html'))) return;
  say('正在构建网页……', 'Building the web pages …');
  rmSync(stampFile, { force: true });
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const code = await run(node, [vite, 'build', '--config', 'web/vite.config.ts', '--logLevel', 'warn'], {
    stdio: ['ignore', 2, 2],
    env: { ...environment(), NODE_ENV: 'production' },
  });
  if (code !== 0) giveUp('网页构建失败，原因见上。', 'building the web pages failed, for the reason above.');
  writeFileSync(stampFile, digest);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildWeb(await bootstrap());

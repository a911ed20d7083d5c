// Builds the web when its sources changed since the last build. Run alone (`npm run build:web`) or by start.mjs.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bootstrap, environment, giveUp, readText, root, run, say } from './bootstrap.mjs';

const built = join(root, 'dist', 'web');
const stampFile = join(root, 'dist', 'web.digest');

/** What the web is made of: its own folder, the doors it may use in src/, and the packages. */
function sources() {
  const states = readdirSync(join(root, 'src')).map((part) => `src/${part}/states.ts`);
  return [...filesUnder('web'), ...filesUnder('src/money'), ...states, 'package-lock.json', 'package.json']
    .filter(
      (file) => existsSync(join(root, file)) && !file.endsWith('.test.ts') && !file.endsWith('.test.tsx'),
    )
    .sort();
}

function filesUnder(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length));
}

function digestOfSources() {
  const digest = createHash('sha256');
  for (const file of sources()) {
    const content = readFileSync(join(root, file));
    digest.update(`${file}\0${content.length}\0`).update(content);
  }
  return digest.digest('hex');
}

/** Answers when dist/web is what the sources say. A build that was killed leaves no stamp and is repeated. */
export async function buildWeb(node) {
  if (!existsSync(join(root, 'web', 'index.html'))) return;
  const digest = digestOfSources();
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

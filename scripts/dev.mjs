// `npm run dev`: the service, restarted at every change, and the web with live reload. No account anywhere.
import { spawn } from 'node:child_process';
import { bootstrap, environment, root, say } from './bootstrap.mjs';

const node = await bootstrap();
const programs = [
  ['--watch-path=src', '--watch-preserve-output', 'src/main.ts', 'start'],
  ['node_modules/vite/bin/vite.js', '--config', 'web/vite.config.ts'],
].map((args) => spawn(node, args, { cwd: root, stdio: 'inherit', env: environment() }));

say(
  '网页开发地址见下方 Vite 的 Local 一行；按 Ctrl-C 结束。',
  'The web is at Vite’s “Local” address below; Ctrl-C ends both.',
);
// One without the other is no use: whichever ends first takes the other along.
for (const program of programs) program.on('exit', (code) => end(code ?? 1));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(0));

function end(code) {
  process.exitCode ??= code;
  for (const program of programs) program.kill('SIGTERM');
}

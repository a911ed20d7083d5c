import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

const ROOT = join(import.meta.dirname, '..', '..');

/**
 * A shell becomes the program and leaves a guard behind: when our end of its input closes, by our own
 * death too, the program is killed. A stopped one as well, for nothing softer reaches it.
 */
const GUARD = 'exec 3<&0; { cat <&3; kill -9 $$; } >/dev/null 2>&1 & exec "$@" </dev/null 3<&-';

/** One program of the project in a process of its own, that may be stopped, resumed and killed. */
export class Program {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: string[] = [];
  readonly ended: Promise<void>;
  alive = true;
  /** Whether it was we who ended it. */
  wanted = false;

  constructor(file: string, env: Record<string, string | undefined>, hear: (line: string) => void) {
    const { PATH, HOME } = process.env;
    // A program that is started a hundred times is read once.
    const { NODE_COMPILE_CACHE = join(tmpdir(), 'zhenfu-compile-cache') } = process.env;
    this.#child = spawn('sh', ['-c', GUARD, 'sh', process.execPath, join(ROOT, file)], {
      cwd: ROOT,
      env: { PATH, HOME, NODE_COMPILE_CACHE, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stdin.on('error', () => undefined);
    for (const from of [this.#child.stdout, this.#child.stderr]) {
      createInterface(from).on('line', (line) => {
        this.#lines.push(line);
        if (this.#lines.length > 40) this.#lines.shift();
        hear(line);
      });
    }
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', () => {
        this.alive = false;
        this.#child.stdin.end();
        resolve();
      });
    });
  }

  /** What it said last. */
  get lastWords(): string {
    return this.#lines.join('\n');
  }

  stop(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** kill -9: nothing is flushed, nothing is said. */
  async kill(): Promise<void> {
    this.wanted = true;
    this.#child.kill('SIGKILL');
    await this.ended;
  }
}

/** Resolves with the first line that `found` reads something from; rejects when the program ends before. */
export async function started<T>(
  file: string,
  env: Record<string, string | undefined>,
  found: (line: string) => T | undefined,
  hear: (line: string) => void = () => undefined,
): Promise<{ program: Program; said: T }> {
  const { promise, resolve } = Promise.withResolvers<T>();
  const program = new Program(file, env, (line) => {
    const said = found(line);
    if (said !== undefined) resolve(said);
    hear(line);
  });
  const said = await Promise.race([promise, program.ended.then(() => undefined)]);
  if (said === undefined) throw new Error(`${file} did not start:\n${program.lastWords}`);
  return { program, said };
}

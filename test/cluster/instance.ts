import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { WEBHOOK_SECRET } from './ear.ts';
import { started, type Program } from './program.ts';
import type { WireCutter } from './wire-cutter.ts';

export interface InstanceWish {
  name: string;
  port: number;
  /** A folder of its own. */
  folder: string;
  databaseUrl: string;
  merchantEnv: string;
  town: string;
}

/** One instance of the real product: it may be killed, started again, stopped and resumed. */
export class Instance {
  readonly name: string;
  readonly url: string;
  readonly wire: WireCutter;
  readonly #env: Record<string, string | undefined>;
  #program: Program | undefined;
  /** What went wrong that nobody did to it. */
  readonly complaints: string[] = [];
  /** Its warnings and errors, by what they say. */
  readonly said = new Map<string, number>();
  readonly startsMs: number[] = [];
  stopped = false;
  up = false;

  constructor(wish: InstanceWish, wire: WireCutter) {
    this.name = wish.name;
    this.wire = wire;
    this.url = `http://127.0.0.1:${wish.port}`;
    mkdirSync(wish.folder, { recursive: true });
    this.#env = {
      ...parseEnv(readFileSync(wish.merchantEnv, 'utf8')),
      DATABASE_URL: wish.databaseUrl,
      DATA_DIR: join(wish.folder, 'data'),
      PORT: String(wish.port),
      PUBLIC_BASE_URL: 'http://127.0.0.1:8080',
      ZHENFU_LOG_LEVEL: 'warn',
      ZHENFU_WEBHOOK_URL: `${wish.town}/_town/webhook`,
      ZHENFU_WEBHOOK_ALLOW: new URL(wish.town).host,
      ZHENFU_WEBHOOK_SECRET: WEBHOOK_SECRET,
    };
  }

  async start(): Promise<void> {
    const began = performance.now();
    const { program } = await started(
      'src/main.ts',
      this.#env,
      (line) => (line.includes('已就绪') ? line : undefined),
      (line) => this.#hear(line),
    );
    this.#program = program;
    this.up = true;
    this.startsMs.push(performance.now() - began);
    void program.ended.then(() => {
      if (this.#program !== program) return;
      this.up = false;
      if (!program.wanted) this.complaints.push(`${this.name} ended by itself:\n${program.lastWords}`);
    });
  }

  async kill(): Promise<void> {
    this.up = false;
    this.stopped = false;
    await this.#program?.kill();
  }

  stop(): void {
    this.stopped = true;
    this.#program?.stop();
  }

  resume(): void {
    this.stopped = false;
    this.#program?.resume();
  }

  #hear(line: string): void {
    if (!line.startsWith('{')) return;
    const { level, event, detail, stack } = JSON.parse(line) as Record<string, unknown>;
    const words = `${String(event)}: ${plain(String(detail))}`;
    this.said.set(words, (this.said.get(words) ?? 0) + 1);
    if (event === 'internal' || (level === 60 && event !== undefined))
      this.complaints.push(`${this.name} said: ${words}\n${String(stack)}`);
  }
}

/** The same complaint about another row is the same complaint. */
function plain(detail: string): string {
  return detail
    .replaceAll(/\d+/g, '#')
    .replaceAll(/'[^']*'/g, '…')
    .slice(0, 160);
}

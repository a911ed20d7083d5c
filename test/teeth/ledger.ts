import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

/** Results of a long run, one JSON line each, so that a run that was ended goes on where it stood. */
export class Ledger<Result> {
  readonly #path: string;
  readonly #known = new Map<string, Result>();

  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
    if (!existsSync(path)) return;
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      if (line === '') continue;
      const { key, result } = JSON.parse(line) as { key: string; result: Result };
      this.#known.set(key, result);
    }
  }

  get(key: string): Result | undefined {
    return this.#known.get(key);
  }

  put(key: string, result: Result): void {
    this.#known.set(key, result);
    appendFileSync(this.#path, `${JSON.stringify({ key, result })}\n`);
  }

  forget(): void {
    this.#known.clear();
    rmSync(this.#path, { force: true });
  }
}

/** A name for content: the same words, the same key. */
export function keyOf(...words: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(words)).digest('hex').slice(0, 16);
}

/**
 * Where the simulators' state lives between restarts: one JSON document per name, in one folder.
 * A document is written to a temporary file and renamed, so a crash leaves the old one or the new one.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Documents {
  /** The document, or undefined when there is none. Throws when it is there and is no JSON. */
  load(name: string): unknown;
  /** Notes that the document changed. It is written soon, as it then stands. */
  save(name: string, state: unknown): void;
  /** Writes everything noted, now. */
  flush(): void;
}

/** Keeps the documents as text, as a disk would: what comes back is a copy, not the same object. */
export function memoryDocuments(): Documents {
  const states = new Map<string, unknown>();
  return {
    load(name) {
      return states.has(name) ? parseJson(JSON.stringify(states.get(name))) : undefined;
    },
    save(name, state) {
      states.set(name, state);
    },
    flush() {},
  };
}

/** A payment is on disk within a moment; a large world spends at most a tenth of its time writing. */
const SOON_MS = 20;
const REST_FACTOR = 10;

/** dir  made when missing, readable by its owner only */
export function fileDocuments(dir: string): Documents {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const dirty = new Map<string, unknown>();
  let timer: NodeJS.Timeout | undefined;
  let restMs = SOON_MS;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const started = performance.now();
    for (const [name, state] of dirty) writeWhole(join(dir, `${name}.json`), JSON.stringify(state));
    dirty.clear();
    restMs = Math.max(SOON_MS, (performance.now() - started) * REST_FACTOR);
  }

  return {
    load(name) {
      const text = readIfThere(join(dir, `${name}.json`));
      return text === undefined ? undefined : parseJson(text);
    },
    save(name, state) {
      dirty.set(name, state);
      timer ??= setTimeout(flush, restMs);
    },
    flush,
  };
}

/** Writes a whole file or nothing: what a killed process leaves is whole. (A power cut is not our case.) */
export function writeWhole(path: string, text: string, mode = 0o600): void {
  writeFileSync(`${path}.new`, text, { mode });
  renameSync(`${path}.new`, path);
}

function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return value;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

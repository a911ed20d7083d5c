import type { Cancel } from '#world';

/**
 * Tells this process's open pages and waiting requests that a session has moved on. It carries no
 * state: whoever is told reads the truth from the database. What another instance changed comes in by
 * `watch-changes.ts`, which asks for the versions of the sessions listened to here.
 */
export class Hub {
  readonly #listeners = new Map<string, Set<() => void>>();
  /** The last version told, so that two messengers do not tell the same change twice. */
  readonly #told = new Map<string, number>();

  listen(publicId: string, listener: () => void): Cancel {
    const listeners = this.#listeners.get(publicId) ?? new Set();
    this.#listeners.set(publicId, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(publicId) === listeners) {
        this.#listeners.delete(publicId);
        this.#told.delete(publicId);
      }
    };
  }

  /** A commit moved this session to `version`. */
  tell(publicId: string, version: number): void {
    const listeners = this.#listeners.get(publicId);
    if (listeners === undefined || (this.#told.get(publicId) ?? 0) >= version) return;
    this.#told.set(publicId, version);
    for (const listener of [...listeners]) listener();
  }

  /** The sessions that somebody here listens to. */
  listenedTo(): string[] {
    return [...this.#listeners.keys()];
  }
}

import { versionsOf } from '#sql/sessions';
import type { Cancel } from '#world';
import type { Parts } from './parts.ts';

/** At most twice a second (design.md section 6). */
const EVERY_MS = 500;
const AT_ONCE = 500;

/**
 * Instances share only the database: this one asks for the versions of just the sessions that its own
 * pages listen to. No tail of new rows: they commit out of order, and one would be missed.
 */
export function watchChanges(parts: Parts): Cancel {
  // One process writes an embedded database: what it changes, it tells itself.
  if (parts.store.engine === 'sqlite') return () => undefined;
  let cancel: Cancel = () => undefined;
  let stopped = false;
  const look = async (): Promise<void> => {
    try {
      const ids = parts.hub.listenedTo();
      for (let from = 0; from < ids.length; from += AT_ONCE) {
        const { statement, values } = versionsOf(ids.slice(from, from + AT_ONCE));
        const rows = await parts.store.read((tx) =>
          tx.all<{ public_id: string; version: number }>(statement, ...values),
        );
        for (const row of rows) parts.hub.tell(row.public_id, row.version);
      }
    } catch (error) {
      parts.log.warn('watch-changes', { detail: error instanceof Error ? error.message : String(error) });
    }
    if (!stopped) cancel = parts.world.after(EVERY_MS, () => void look());
  };
  cancel = parts.world.after(EVERY_MS, () => void look());
  return () => {
    stopped = true;
    cancel();
  };
}

import { ping } from './sql/health.ts';
import type { Store } from './store.ts';

/** Does the database answer now? Whatever the fault, it is a no. */
export async function answers(store: Pick<Store, 'read'>): Promise<boolean> {
  try {
    await store.read((tx) => tx.one(ping));
    return true;
  } catch {
    return false;
  }
}

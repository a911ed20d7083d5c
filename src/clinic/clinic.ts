import { insertClinic, renameClinic } from '#sql/clinic';
import { UniqueViolation, type Store } from '#store';

/** One database serves one clinic today; every row names it all the same (design.md section 4). */
const THE_CLINIC = 1;

export interface Clinic {
  id: number;
  /** As patients read it on page and wallet. */
  name: string;
  /** At most 16 characters: the channels' order subject has little room. */
  shortName: string;
}

/** Makes the clinic's row when there is none, gives it these names, and returns it. Called at each start. */
export async function ensureClinic(
  store: Store,
  names: { name: string; shortName: string },
  nowMs: number,
): Promise<Clinic> {
  const rename = (): Promise<{ rows: number }> =>
    store.transact('name-clinic', (tx) => tx.run(renameClinic, names.name, names.shortName, THE_CLINIC));
  if ((await rename()).rows === 0) {
    try {
      await store.transact('make-clinic', (tx) =>
        tx.run(insertClinic, THE_CLINIC, names.name, names.shortName, nowMs),
      );
    } catch (error) {
      if (!(error instanceof UniqueViolation)) throw error; // another instance was faster
      await rename();
    }
  }
  return { id: THE_CLINIC, ...names };
}

import { UniqueViolation, type Store } from './store.ts';

/** Real money, the channels' sandboxes, or our own simulators. */
export type WorldKind = 'live' | 'sandbox' | 'simulated';

/** The database holds the books of another world: play money must never meet real money. */
export class WrongWorld extends Error {
  constructor(found: string, wanted: WorldKind) {
    super(
      `此数据库属于 ${found} 环境，不能用于 ${wanted}，请换一个 DATA_DIR 或 DATABASE_URL。 ` +
        `This database belongs to the world "${found}", not "${wanted}": use another DATA_DIR or DATABASE_URL.`,
    );
    this.name = 'WrongWorld';
  }
}

/** Writes down, at the first start, which world the database belongs to; throws WrongWorld ever after. */
export async function claimWorld(store: Store, kind: WorldKind): Promise<void> {
  const found = await store.transact('claim world', async (tx) => {
    try {
      await tx.run(`INSERT INTO installation (name, value) VALUES ('world', ?)`, kind);
    } catch (error) {
      if (!(error instanceof UniqueViolation)) throw error;
    }
    return tx.one<{ value: string }>(`SELECT value FROM installation WHERE name = 'world'`);
  });
  if (found?.value !== kind) throw new WrongWorld(found?.value ?? '?', kind);
}

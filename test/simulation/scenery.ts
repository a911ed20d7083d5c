import { ensureClinic } from '#clinic';
import { migrate } from '#store';
import type { World } from '#world';
import { Connection } from '../../src/store/sqlite-connection.ts';
import { SqliteStore } from '../../src/store/sqlite.ts';
import type { Scenery } from './day.ts';
import { configurationsOf, makeMerchants } from './merchants.ts';

/** Makes what all days of a process share: the merchant's keys, and a database that is migrated and empty. */
export async function makeScenery(): Promise<Scenery> {
  const connection = new Connection(':memory:', 'writes');
  const store = new SqliteStore({
    path: ':memory:',
    writer: connection,
    reader: connection,
    unlock: () => undefined,
  });
  const still: World = {
    // The clinic opens on the day that is lived: no earlier statement is asked for.
    now: () => Date.UTC(2026, 10, 21, 16),
    random: (count) => new Uint8Array(count),
    after: () => () => undefined,
    send: () => Promise.reject(new Error('there is no network while the scenery is made')),
  };
  await migrate(store, still);
  await ensureClinic(store, { name: '仿真诊所', shortName: '仿真诊所' }, still.now());
  const image = connection.image();
  await store.close();
  const merchants = await makeMerchants();
  return { merchants, configurations: configurationsOf(merchants), image };
}

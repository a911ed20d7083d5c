import { createBill } from '#bill';
import { ensureClinic } from '#clinic';
import type { Store } from '#store';
import { stillWorld } from '../support/still-world.ts';
import { MemoryStore, TableDesk } from './memory/store.ts';
import type { State } from './state.ts';
import { emptyWallets } from './wallets.ts';
import { BILL_FEN } from './wishes.ts';

export const START_MS = Date.UTC(2026, 10, 22, 2, 0, 0);

/** One unpaid bill of one yuan, and nothing else in the world. */
export async function oneBill(): Promise<State> {
  const desk = new TableDesk();
  await writeBill(new MemoryStore(desk));
  const { committed: tables } = desk;
  return { tables, wallets: emptyWallets, nowMs: START_MS, errands: [], next: 1, path: undefined };
}

export async function writeBill(store: Store): Promise<void> {
  const world = stillWorld(START_MS);
  const clinic = await ensureClinic(store, { name: '诊所', shortName: '诊所' }, world.now());
  await createBill(
    { world, store, clinic },
    {
      external_bill_no: 'HIS-1',
      patient_name: '甲',
      lines: [{ fee_class: '09', name: '药费', quantity: 1, unit: '盒', unit_price_fen: BILL_FEN }],
    },
    'key:1',
  );
}

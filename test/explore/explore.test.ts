import { expect, test } from 'vitest';
import { openClinic } from '../clinic.ts';
import { sqlite } from '../engines.ts';
import { oneBill } from './beginning.ts';
import { beginnings } from './beginnings.ts';
import { calmDown } from './calm.ts';
import { check } from './checks/check.ts';
import { explore } from './crew.ts';
import type { State } from './state.ts';
import { walk } from './told.ts';
import { traits } from './wishes.ts';

/** A small share of `npm run explore`, on this thread alone: less deep, and closer looks more often. */
const little = { depth: 4, further: 2, threads: 0, seed: 3, calmEvery: 200, walkEvery: 200, room: 20_000 };

test('no order of events, a few deep from any beginning, breaks an invariant', async () => {
  const found = await explore({ ...little, seconds: 60 }, () => undefined);
  expect(found.faults).toEqual([]);
  expect(found.complete).toBe(true);
  expect(found.distinct).toBeGreaterThan(3_000);
  expect(found.calmed).toBeGreaterThan(0);
  expect(found.walkedTogether).toBeGreaterThan(0);
  expect(found.notRefused, 'every illegal cell was asked and refused').toEqual([]);
  expect(found.missing, 'every legal cell was come to or asked').toEqual([]);
});

test('the same states are met, whoever walks and in whatever share', async () => {
  const small = { ...little, depth: 4, further: 0, calmEvery: 0, walkEvery: 0, seconds: 60 };
  const alone = await explore(small, () => undefined);
  const shared = await explore({ ...small, threads: 2 }, () => undefined);
  expect(shared.distinct).toBe(alone.distinct);
});

/** The checks are only worth something if they fail: each of these is a row as a mistake would leave it. */
const mistakes: Record<string, { story: string; spoil: (state: State) => State; says: string }> = {
  'a debit that no bill, refund, person or message knows of': {
    story: 'both codes paid, nobody told',
    spoil: (state) => ({ ...state, wallets: { ...state.wallets, notices: [] } }),
    says: 'I-01',
  },
  'a bill that is unpaid although its payment settled it': {
    story: 'paid (WeChat)',
    spoil: (state) => withRow(state, 'bills', { status: 'unpaid', paid_fen: 0, settled_payment_id: null }),
    says: 'I-04',
  },
  'a payment that was paid and is closed': {
    story: 'paid (WeChat)',
    spoil: (state) => withRow(state, 'payments', { state: 'closed' }),
    says: 'I-22',
  },
  'a code that is closed here and can be paid there': {
    story: 'a code that is scanned (Alipay)',
    spoil: (state) => withRow(state, 'payments', { state: 'closed' }),
    says: 'I-12',
  },
  'a surplus whose refund was taken off the books': {
    story: 'surplus is on its way back',
    spoil: (state) => ({ ...state, tables: { ...state.tables, refunds: [] } }),
    says: 'I-01',
  },
  'a refund that succeeded while the channel only accepted it': {
    story: 'a refund accepted (WeChat)',
    spoil: (state) => withRow(state, 'refunds', { state: 'succeeded' }),
    says: 'I-07',
  },
  'a change of state without its event': {
    story: 'a refund waits for a second person',
    spoil: (state) => withRow(state, 'refunds', { state: 'approved', version: 2 }),
    says: 'I-15',
  },
};

function withRow(state: State, table: 'bills' | 'payments' | 'refunds', change: object): State {
  const [first, ...others] = state.tables[table];
  const rows = [{ ...first, ...change }, ...others];
  return { ...state, tables: { ...state.tables, [table]: rows } };
}

test.each(Object.entries(mistakes))('the checks notice %s', async (_name, { story, spoil, says }) => {
  const sound = await walk(await oneBill(), beginnings[story] ?? []);
  expect(check(sound, sound, undefined)).toEqual([]);
  expect(check(sound, spoil(sound), undefined).join('\n')).toContain(says);
});

test('a refund that turns abnormal while it is asked about is asked about on, and not sent again', async () => {
  const asked = beginnings['a refund without an answer, a minute later (WeChat)'] ?? [];
  const meanwhile = [
    'follow_refund 1',
    'break_return abnormal',
    'deliver abnormal',
    'go',
    'queryRefund: none',
  ];
  const state = await walk(await oneBill(), [...asked, ...meanwhile]);
  expect(state.tables.refunds).toMatchObject([{ state: 'abnormal', sends: 1 }]);
  expect(state.tables.jobs).toContainEqual(
    expect.objectContaining({ kind: 'follow_refund', state: 'waiting' }),
  );
  const { faults } = await calmDown(state, false);
  expect(faults).toEqual([]);
});

test('the channels of the exploration behave as the adapters declare', async () => {
  const clinic = await openClinic(sqlite);
  try {
    for (const [method, channel] of clinic.channels) expect(traits[method], method).toEqual(channel.traits);
  } finally {
    await clinic.close();
  }
});

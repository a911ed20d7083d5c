import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listBills } from '#bill';
import { listPrescriptions, type Parts } from '#prescription';
import type { Store } from '#store';
import { engines } from '../../test/engines.ts';
import { stillWorld } from '../../test/support/still-world.ts';
import { ensureClinic, findDrugs, findPatients } from './index.ts';
import { seedDrugs, seedPatients } from './seed-data.ts';
import { seedClinic } from './seed.ts';

describe.each(engines)('the seeded clinic on $name', ({ open }) => {
  let parts: Parts;
  let store: Store;

  beforeEach(async () => {
    store = await open();
    const world = stillWorld();
    const clinic = await ensureClinic(store, { name: '示范诊所', shortName: '示范诊所' }, world.now());
    parts = { world, store, clinic, reviewRequired: false };
  });
  afterEach(() => store.close());

  test('has patients, drugs, herbs, and prescriptions whose bills wait at the counter', async () => {
    await seedClinic(parts);
    expect(await findPatients(parts, '')).toHaveLength(12);
    const drugs = await findDrugs(parts, '');
    expect(drugs).toHaveLength(40);
    expect(drugs.filter(({ kind }) => kind === 'herb')).toHaveLength(12);
    const { prescriptions } = await listPrescriptions(parts, { limit: 10 });
    expect(
      prescriptions.map(({ patient_name, age, amount_fen, bill_status }) => [
        patient_name,
        age,
        amount_fen,
        bill_status,
      ]),
    ).toEqual([
      ['刘洋', '28岁', 1520, 'unpaid'],
      ['周晓梅', '53岁', 4077, 'unpaid'],
      ['吴子轩', '8月', 5670, 'unpaid'],
      ['李国强', '69岁', 8850, 'unpaid'],
      ['王芳', '42岁', 9490, 'unpaid'],
    ]);
  });

  test('is seeded once, however often the program starts', async () => {
    await seedClinic(parts);
    await seedClinic(parts);
    expect(await findPatients(parts, '')).toHaveLength(12);
    expect((await listBills(parts, { limit: 50 })).bills).toHaveLength(5);
  });

  test('finds a drug or a patient by name, number or pinyin initials', async () => {
    await seedClinic(parts);
    const drugs = async (q: string): Promise<string[]> => (await findDrugs(parts, q)).map(({ code }) => code);
    expect(await drugs('amxl')).toEqual(['W001']);
    expect(await drugs('AMXL')).toEqual(['W001']);
    expect(await drugs('美林')).toEqual(['W006']);
    expect((await drugs('布洛芬')).toSorted()).toEqual(['W005', 'W006']);
    expect(await drugs('w014')).toEqual(['W014']);
    expect(await drugs('%')).toEqual([]); // a wildcard is only a sign
    const patients = async (q: string): Promise<string[]> =>
      (await findPatients(parts, q)).map(({ name }) => name);
    expect(await patients('oyjg')).toEqual(['欧阳建国']);
    expect(await patients('建国')).toEqual(['欧阳建国']);
    expect(await patients('P0003')).toEqual(['张敏']);
    expect(await patients('p0003')).toEqual(['张敏']);
  });

  test('keeps its number when its name changes', async () => {
    const renamed = await ensureClinic(store, { name: '新名诊所', shortName: '新名' }, 1);
    expect(renamed.id).toBe(parts.clinic.id);
    expect(await store.read((tx) => tx.all('SELECT id, name, short_name FROM clinics'))).toEqual([
      { id: renamed.id, name: '新名诊所', short_name: '新名' },
    ]);
  });

  test('is made once when two instances start at once', async () => {
    const empty = await open();
    const names = { name: '示范诊所', shortName: '示范' };
    const [one, two] = await Promise.all([ensureClinic(empty, names, 1), ensureClinic(empty, names, 1)]);
    expect(one).toEqual(two);
    await empty.close();
  });
});

test('the seed can be made on any day of the year', () => {
  for (const day of ['2026-01-31', '2026-02-28', '2028-02-29', '2026-12-31']) {
    for (const { birth_date } of seedPatients(day)) {
      expect(
        birth_date <= day && new Date(`${birth_date}T00:00:00Z`).toISOString().startsWith(birth_date),
      ).toBe(true);
    }
  }
  expect(new Set(seedDrugs.map(({ code }) => code)).size).toBe(seedDrugs.length);
});

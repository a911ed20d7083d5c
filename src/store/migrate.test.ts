import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { engines } from '../../test/engines.ts';
import { claimWorld, WrongWorld } from './claim-world.ts';
import { describeSchema, makeFromDescription } from './describe.ts';
import { migrate, migrationOf, migrations, SchemaMismatch, type Migratable } from './migrate.ts';

const world = { now: () => 1_800_000_000_000 };

const drugs = migrationOf(
  0,
  'create-drugs',
  `CREATE TABLE drugs (
  id {id},
  code {text:8} NOT NULL,
  CONSTRAINT drugs_code UNIQUE (code)
){table};

INSERT INTO drugs (code) VALUES ('A');

{append_only drugs};
`,
);
const prices = migrationOf(
  1,
  'give-drugs-a-price',
  'ALTER TABLE drugs ADD COLUMN price_fen BIGINT NOT NULL DEFAULT 0;\n',
);

// Making tables is slow where other tests use the disk too.
describe.each(engines)('migrations ($name)', { timeout: 30_000 }, (engine) => {
  let store: Migratable;
  beforeEach(async () => {
    store = await engine.openBare();
  });
  afterEach(() => store.close());

  it('the schema that people read equals the sum of the migrations', async () => {
    await migrate(store, world);
    const migrated = await describeSchema(store);
    await store.close();
    store = await engine.openBare();
    const file = join(import.meta.dirname, 'schema', `current.${engine.name}.sql`);
    await makeFromDescription(store, readFileSync(file, 'utf8'));
    const remedy = 'after adding a migration run `node scripts/schema-snapshot.ts`';
    expect(await describeSchema(store), remedy).toBe(migrated);
  });

  it('each is applied once, in order, also by instances that start together', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => migrate(store, world, [drugs, prices])));
    expect(answers.flat().toSorted()).toEqual([0, 1]);
    expect(await migrate(store, world, [drugs, prices])).toEqual([]);
    const rows = await store.read((tx) => tx.all('SELECT code, price_fen FROM drugs'));
    expect(rows).toEqual([{ code: 'A', price_fen: 0 }]);
  });

  it('a database that a newer program has made is refused', async () => {
    await migrate(store, world, [drugs, prices]);
    await expect(migrate(store, world, [drugs])).rejects.toThrow(SchemaMismatch);
    await expect(migrate(store, world, [drugs])).rejects.toThrow('0001-give-drugs-a-price');
  });

  it('a database that was made from another text is refused', async () => {
    await migrate(store, world, [drugs]);
    const changed = migrationOf(0, drugs.name, drugs.text.replace('{text:8}', '{text:9}'));
    await expect(migrate(store, world, [changed])).rejects.toThrow(SchemaMismatch);
    const sameOnWindows = migrationOf(0, drugs.name, drugs.text.replaceAll('\n', '\r\n'));
    expect(await migrate(store, world, [sameOnWindows])).toEqual([]);
  });

  it('one that fails half-way is finished by the next program, without doing anything twice', async () => {
    const broken = migrationOf(0, drugs.name, drugs.text);
    broken.text = broken.text.replace('{append_only drugs}', 'CREATE TABLE oops (');
    await expect(migrate(store, world, [broken])).rejects.toThrow(/syntax|incomplete/);
    expect(await migrate(store, world, [drugs])).toEqual([0]);
    expect(await store.read((tx) => tx.all('SELECT code FROM drugs'))).toEqual([{ code: 'A' }]);
  });

  it('a database belongs to the world that came first, and refuses every other', async () => {
    await migrate(store, world, migrations().slice(0, 1));
    await claimWorld(store, 'sandbox');
    await claimWorld(store, 'sandbox');
    await expect(claimWorld(store, 'live')).rejects.toThrow(WrongWorld);
    await expect(claimWorld(store, 'simulated')).rejects.toThrow('sandbox');
  });
});

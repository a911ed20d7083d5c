import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { engines, sqliteFile } from '../../test/engines.ts';
import {
  Conflict,
  ConstraintViolation,
  StoreUnavailable,
  UniqueViolation,
  type Store,
  type Tx,
} from './store.ts';

const all = [
  ...engines.map((engine) => ({ where: engine.name === 'sqlite' ? 'SQLite in memory' : 'MySQL', engine })),
  { where: 'SQLite on disk', engine: sqliteFile },
];

const insertClinic = 'INSERT INTO clinics (name, short_name, created_at) VALUES (?, ?, ?)';
const clinics = 'SELECT name FROM clinics ORDER BY id';
const insertBill = `INSERT INTO bills (clinic_id, bill_no, content_digest, patient_name, total_fen, payable_fen, version, created_at, updated_at)
  VALUES (?, ?, 'd', '王芳', 100, 100, 1, 0, 0)`;
const insertEvent = `INSERT INTO events (clinic_id, entity, entity_id, version, happening, to_state, actor, at)
  VALUES (1, 'bill', 1, ?, 'made', 'unpaid', 'worker', 0)`;
const insertJob = `INSERT INTO jobs (clinic_id, kind, lane, subject_id, due_at, created_at, updated_at) VALUES (?, 'ask', 'alipay', ?, 0, 0, 0)`;

describe.each(all)('a store ($where)', ({ engine }) => {
  let store: Store;
  beforeEach(async () => {
    store = await engine.open();
    await store.transact('seed', (tx) => tx.run(insertClinic, '仁心诊所', '仁心', 0));
  });
  afterEach(() => store.close());

  const names = async (): Promise<string[]> =>
    (await store.read((tx) => tx.all<{ name: string }>(clinics))).map((row) => row.name);
  const clinicNamed = (tx: Tx, name: string): Promise<unknown> => tx.run(insertClinic, name, '诊', 1);
  const failing = (work: (tx: Tx) => Promise<unknown>): Promise<unknown> =>
    store.transact('failing', work).then(
      () => 'no error',
      (error: unknown) => error,
    );

  it('a closure that fails takes back what it wrote and nothing of those beside it', async () => {
    const ends = await Promise.allSettled(
      ['a', 'broken', 'b'].map((name) =>
        store.transact(name, async (tx) => {
          await clinicNamed(tx, name);
          if (name === 'broken') throw new Error('a bug');
        }),
      ),
    );
    expect(ends.map((end) => end.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await names()).toSorted()).toEqual(['a', 'b', '仁心诊所'].toSorted());
  });

  it('what is acknowledged, everybody sees', async () => {
    for (const name of ['a', 'b', 'c']) {
      await store.transact('write', (tx) => clinicNamed(tx, name));
      expect((await names()).at(-1)).toBe(name);
    }
  });

  it('what waits for a commit happens after it, before the answer, and never after a rollback', async () => {
    const happened: string[] = [];
    const committed = store.transact('good', async (tx) => {
      tx.afterCommit(() => happened.push('after the commit'));
      await clinicNamed(tx, 'a');
      happened.push('written');
    });
    const rolledBack = failing((tx) => {
      tx.afterCommit(() => happened.push('never'));
      return Promise.reject(new Error('a bug'));
    });
    await committed.then(() => happened.push('answered'));
    await rolledBack;
    expect(happened).toEqual(['written', 'after the commit', 'answered']);
  });

  it('a read neither waits for a transaction that is not committed nor sees it', async () => {
    let seen: Promise<string[]> | undefined;
    await failing(async (tx) => {
      await clinicNamed(tx, 'never');
      seen = names();
      throw new Error('a bug');
    });
    expect(await seen).toEqual(['仁心诊所']);
  });

  it('a transaction that has ended refuses its late users', async () => {
    const kept: Tx[] = [];
    await store.transact('leaky', async (tx) => {
      kept.push(tx);
    });
    const [leaked] = kept;
    await expect(leaked?.run(insertClinic, 'late', 'l', 1)).rejects.toThrow('has ended');
    await expect(leaked?.all(clinics)).rejects.toThrow('has ended');
    expect(() => leaked?.afterCommit(() => {})).toThrow('has ended');
  });

  it('a closure that met a conflict runs again on what is true by then', async () => {
    let runs = 0;
    const answer = await store.transact('contended', async (tx) => {
      runs += 1;
      await clinicNamed(tx, `try ${runs}`);
      if (runs < 3) throw new Conflict('the bill');
      return runs;
    });
    expect(answer).toBe(3);
    expect(await names()).toEqual(['仁心诊所', 'try 3']);
  });

  it('a conflict that never ends is given up after five tries', async () => {
    let runs = 0;
    const error = await failing(() => {
      runs += 1;
      return Promise.reject(new Conflict('the bill'));
    });
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(runs).toBe(5);
  });

  it('of a hundred who want the same key exactly one gets it', async () => {
    const racers = Array.from({ length: 100 }, () =>
      store
        .transact('race', (tx) => tx.run(insertJob, 1, 7))
        .then(
          () => 'won',
          (error: unknown) => (error instanceof UniqueViolation ? error.key : error),
        ),
    );
    const ends = await Promise.all(racers);
    expect(ends.filter((end) => end === 'won')).toHaveLength(1);
    expect(ends.filter((end) => end === 'jobs_subject')).toHaveLength(99);
  });

  it('a unique key that refuses is told by its name, and the transaction goes on', async () => {
    await store.transact('duplicate', async (tx) => {
      await tx.run(insertBill, 1, 'B1');
      const refusal = await tx.run(insertBill, 1, 'B1').catch((error: unknown) => error);
      expect(refusal).toMatchObject({ name: 'UniqueViolation', key: 'bills_bill_no' });
      await tx.run(insertBill, 1, 'B2');
    });
    const found = await store.read((tx) => tx.one<{ n: number }>('SELECT COUNT(*) AS n FROM bills'));
    expect(found?.n).toBe(2);
  });

  it('a primary key that refuses is told as PRIMARY', async () => {
    const twice = "INSERT INTO installation (name, value) VALUES ('world', 'live')";
    const error = await failing(async (tx) => {
      await tx.run(twice);
      await tx.run(twice);
    });
    expect(error).toMatchObject({ name: 'UniqueViolation', key: 'PRIMARY' });
  });

  it('numbers that differ only in case or in trailing blanks are different numbers', async () => {
    await store.transact('alike', async (tx) => {
      for (const number of ['ab', 'AB', 'ab ', 'áb']) await tx.run(insertBill, 1, number);
    });
    const found = await store.read((tx) => tx.all("SELECT bill_no FROM bills WHERE bill_no = 'ab'"));
    expect(found).toEqual([{ bill_no: 'ab' }]);
  });

  it.each([
    ['a text that is too long', (tx: Tx) => tx.run(insertBill, 1, 'x'.repeat(33))],
    ['a parent that does not exist', (tx: Tx) => tx.run(insertBill, 99, 'B1')],
    ['a missing value', (tx: Tx) => tx.run(insertClinic, null, 'x', 1)],
    ['a value that a CHECK forbids', (tx: Tx) => tx.run("UPDATE bills SET status = 'odd'")],
    ['another amount on a bill', (tx: Tx) => tx.run('UPDATE bills SET total_fen = 200, payable_fen = 200')],
    ['another number for a bill', (tx: Tx) => tx.run('UPDATE bills SET id = 2')],
    ['the loss of a bill', (tx: Tx) => tx.run('DELETE FROM bills')],
    ['another history', (tx: Tx) => tx.run("UPDATE events SET to_state = 'paid'")],
    ['the loss of history', (tx: Tx) => tx.run('DELETE FROM events')],
  ])('refuses %s', async (_what, work) => {
    await store.transact('bill', async (tx) => {
      await tx.run(insertBill, 1, 'B0');
      await tx.run(insertEvent, 1);
    });
    expect(await failing(work)).toBeInstanceOf(ConstraintViolation);
  });

  it('what may change beside what may not, changes', async () => {
    await store.transact('bill', (tx) => tx.run(insertBill, 1, 'B1'));
    const done = await store.transact('void', (tx) =>
      tx.run(
        "UPDATE bills SET status = 'void', void_reason = '开错' WHERE bill_no = 'B1' AND status = 'unpaid'",
      ),
    );
    expect(done.rows).toBe(1);
  });

  it('rows are those that the WHERE found, changed or not; only an insert has an id', async () => {
    const again = 'UPDATE clinics SET name = name WHERE id = 1';
    await store.transact('same', async (tx) => {
      expect(await tx.run(insertClinic, 'a', 'a', 1)).toEqual({ rows: 1, id: 2 });
      expect(await tx.run(again)).toEqual({ rows: 1, id: 0 });
      expect(await tx.run('UPDATE clinics SET name = ? WHERE id = 99', 'b')).toEqual({ rows: 0, id: 0 });
    });
  });

  it('a number beyond 2^53, or a fraction, is refused on its way in and on its way out', async () => {
    const beyond = await failing((tx) => tx.run(insertClinic, 'a', 'a', 2 ** 53));
    expect(beyond).toBeInstanceOf(RangeError);
    expect(await failing((tx) => tx.run(insertClinic, 'a', 'a', 0.5))).toBeInstanceOf(RangeError);
    await store.transact('big', (tx) => tx.run(insertClinic, 'a', 'a', Number.MAX_SAFE_INTEGER));
    const largest = await store.read((tx) => tx.one('SELECT created_at AS at FROM clinics WHERE id = 2'));
    expect(largest).toEqual({ at: Number.MAX_SAFE_INTEGER });
    const tooLarge = store.read((tx) => tx.one('SELECT created_at + 1 AS at FROM clinics WHERE id = 2'));
    await expect(tooLarge).rejects.toThrow(RangeError);
  });

  it('sums are whole numbers, text keeps every character, bytes are bytes and nothing is null', async () => {
    const body = new Uint8Array([0, 39, 92, 255]);
    await store.transact('evidence', async (tx) => {
      await tx.run(
        `INSERT INTO evidence (clinic_id, payment_method, source, dedupe_key, verdict, body, words, received_at, last_received_at)
         VALUES (1, 'alipay', 'query', ?, 'genuine', ?, ?, 5, 7)`,
        'key',
        body,
        '𠮷\'\\"\n%_?',
      );
    });
    const [row] = await store.read((tx) =>
      tx.all(`SELECT body, words, report, received_at FROM evidence WHERE dedupe_key = ? LIMIT ?`, 'key', 1),
    );
    expect(row).toEqual({ body, words: '𠮷\'\\"\n%_?', report: null, received_at: 5 });
    expect(Object.getPrototypeOf(row?.body)).toBe(Uint8Array.prototype);
    const sums = await store.read((tx) =>
      tx.one(`SELECT SUM(received_at + last_received_at) AS sum, COUNT(*) AS n, MAX(id) AS id FROM evidence`),
    );
    expect(sums).toEqual({ sum: 12, n: 1, id: 1 });
  });

  it('|| joins texts, also around a number', async () => {
    const row = await store.read((tx) => tx.one(`SELECT 'a' || ? || 'b' AS joined`, 5));
    expect(row).toEqual({ joined: 'a5b' });
  });

  it('a closed store refuses, and closing waits for what was asked before', async () => {
    const asked = store.transact('last', (tx) => tx.run(insertClinic, 'a', 'a', 1));
    const closing = store.close();
    await expect(asked).resolves.toEqual({ rows: 1, id: 2 });
    await closing;
    await expect(store.transact('late', (tx) => tx.all(clinics))).rejects.toBeInstanceOf(StoreUnavailable);
  });
});

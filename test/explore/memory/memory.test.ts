import { beforeAll, describe, expect, test } from 'vitest';
import type { Statement, Store, Value } from '#store';
import { seededChance } from '../../../simulator/kernel/chance.ts';
import { sqlite } from '../../engines.ts';
import { rules } from './rules.ts';
import { MemoryStore, TableDesk } from './store.ts';
import { noTables, type TableName, type Tables } from './tables.ts';
import { commands, queries } from './teach.ts';

/**
 * The explorer's store is only worth something if it is the real one in small. So every statement that
 * it was taught is run here in long random sequences, with the same values on SQLite beside it: the same
 * rows, the same ids, the same refusals, and at the end the same tables.
 */
const STEPS = 6000;
const tableNames = Object.keys(noTables) as TableName[];

describe('the store in memory', () => {
  test.each(['one', 'two', 'three'])('answers every statement as SQLite does (seed %s)', async (seed) => {
    const desk = new TableDesk();
    const pair = { memory: new MemoryStore(desk), real: await sqlite.open() };
    try {
      const met = new Map<string, number>();
      const dice = makeDice(seed);
      for (let step = 0; step < STEPS; step += 1) {
        const statement = dice.among([...commands.keys(), ...queries.keys()]);
        const values = drawValues(statement, dice, desk.committed);
        if (values === undefined) continue;
        const answers = await onBoth(pair, statement, values);
        expect(answers.memory, `step ${step}: ${textOf(statement)} ${JSON.stringify(values)}`).toEqual(
          answers.real,
        );
        met.set(answers.kind, (met.get(answers.kind) ?? 0) + 1);
      }
      for (const table of tableNames) {
        const rows = await pair.real.read((tx) => tx.all(`SELECT * FROM ${table} ORDER BY id`));
        expect(desk.committed[table], table).toEqual(rows);
      }
      expect([...met.keys()].toSorted()).toEqual(['check', 'rows', 'unique']);
    } finally {
      await pair.real.close();
    }
  });

  test('knows every column of its tables, and no other', () => {
    const known = tableNames.flatMap((table) =>
      ['id', ...rules[table].columns].map((name) => `${table}.${name}`),
    );
    expect([...nullable.keys()].toSorted()).toEqual(known.toSorted());
  });

  test('takes nothing back of what another moment holds', async () => {
    const desk = new TableDesk();
    const store = new MemoryStore(desk);
    const insert = [...commands.keys()].find((statement) =>
      textOf(statement).includes('INSERT INTO clinics'),
    );
    if (insert === undefined) throw new Error('no statement makes a clinic');
    const before = desk.committed;
    await store.transact('make', (tx) => tx.run(insert, 1, 'a', 'a', 1));
    await expect(
      store.transact('undone', async (tx) => {
        await tx.run(insert, 2, 'b', 'b', 1);
        throw new Error('undone');
      }),
    ).rejects.toThrow('undone');
    expect(before.clinics).toEqual([]);
    expect(desk.committed.clinics.map(({ id }) => id)).toEqual([1]);
  });
});

/** Which columns may be NULL, asked of the real schema. */
const nullable = new Map<string, boolean>();
beforeAll(async () => {
  const store = await sqlite.open();
  for (const table of tableNames) {
    const columns = await store.read((tx) =>
      tx.all<{ name: string; notnull: number }>(`PRAGMA table_info(${table})`),
    );
    for (const { name, notnull } of columns) nullable.set(`${table}.${name}`, notnull === 0);
  }
  await store.close();
});

async function onBoth(
  { memory, real }: { memory: Store; real: Store },
  statement: Statement,
  values: readonly Value[],
): Promise<{ memory: unknown; real: unknown; kind: string }> {
  const [one, other] = [await answer(memory, statement, values), await answer(real, statement, values)];
  return { memory: one, real: other, kind: 'refused' in other ? other.refused : 'rows' };
}

async function answer(
  store: Store,
  statement: Statement,
  values: readonly Value[],
): Promise<{ refused: string } | { rows: unknown }> {
  try {
    const rows = commands.has(statement)
      ? await store.transact('try', (tx) => tx.run(statement, ...values))
      : (await store.read((tx) => tx.all(statement, ...values))).map((row) => ({ ...row }));
    return { rows };
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (name === 'UniqueViolation') return { refused: 'unique' };
    if (error instanceof Error && /constraint|CHECK/i.test(error.message)) return { refused: 'check' };
    throw error;
  }
}

// ── values that fit a statement, by the columns that its `?` stand beside ───────────────────────────

interface Dice {
  below(limit: number): number;
  among<T>(things: readonly T[]): T;
}

function makeDice(seed: string): Dice {
  const chance = seededChance(seed);
  const below = (limit: number): number => {
    const [a = 0, b = 0, c = 0] = chance(3);
    return (a * 65_536 + b * 256 + c) % limit;
  };
  const among = <T>(things: readonly T[]): T => {
    const thing = things[below(things.length)];
    if (thing === undefined) throw new Error('nothing to choose from');
    return thing;
  };
  return { below, among };
}

function textOf(statement: Statement): string {
  return (typeof statement === 'string' ? statement : statement.sqlite).replaceAll(/\s+/g, ' ').trim();
}

function drawValues(statement: Statement, dice: Dice, tables: Tables): Value[] | undefined {
  const text = textOf(statement);
  const table = tableOf(text);
  // Nothing equals NULL; production code never compares with it, nor is it done here.
  const inSet = columnsBeside(text.replace(/ WHERE .*$/, '')).length;
  const values = columnsBeside(text).map((column, at) =>
    valueFor(table, column, text, dice, tables, at < inSet),
  );
  return values.includes(undefined) ? undefined : (values as Value[]);
}

function tableOf(text: string): TableName {
  const named =
    /^(?:INSERT INTO|UPDATE) (\w+)/.exec(text)?.[1] ??
    /FROM (\w+)/.exec(text.replaceAll(/\(SELECT.*?\)/g, ''))?.[1];
  return named as TableName;
}

function columnsBeside(text: string): string[] {
  const insert = /^INSERT INTO \w+ \((.*?)\) VALUES \((.*)\)$/.exec(text);
  if (insert !== null) {
    const columns = (insert[1] ?? '').split(', ');
    return (insert[2] ?? '').split(', ').flatMap((value, at) => (value === '?' ? [columns[at] ?? ''] : []));
  }
  return [
    ...text.matchAll(
      /(\w+)\s*(?:=|<>|<=|>=|<|>|\+|-)\s*\?|COALESCE\(\?, (\w+)\)|(WHEN) \?|(WHEN state = 'done' THEN) \?|(LIMIT) \?/g,
    ),
  ].map(
    ([, compared, kept, when, then, limit]) =>
      compared ?? kept ?? (when && 'state') ?? (then && 'due_at') ?? limit ?? '',
  );
}

const choices: Record<string, readonly string[]> = {
  'payments.state': ['creating', 'open', 'create_unknown', 'closing', 'closed', 'paid', 'nonsense'],
  'refunds.state': ['requested', 'approved', 'submitted', 'failed', 'cancelled', 'succeeded'],
  'jobs.state': ['waiting', 'done'],
  'suspense.state': ['open', 'held', 'closed', 'posted'],
  status: ['pending', 'paid', 'expired', 'cancelled'],
  phase: ['creating', 'ready', 'scanned', 'confirming', 'ended'],
  disposition: ['settled', 'surplus', 'disputed'],
  payment_method: ['alipay', 'wechat'],
  lane: ['alipay', 'wechat', 'nonsense'],
  'refunds.kind': ['bill', 'surplus'],
  'jobs.kind': ['follow_payment', 'follow_refund'],
  reason: ['amount_differs', 'unknown_order'],
  source: ['notification', 'query'],
  verdict: ['genuine', 'refused'],
  fee_class: ['01', '09'],
  result: ['settled', 'disputed'],
};
const parents: Record<string, TableName> = {
  clinic_id: 'clinics',
  bill_id: 'bills',
  payment_id: 'payments',
  refund_id: 'refunds',
  bill_line_id: 'bill_lines',
};
const isNumber =
  /_fen$|_at$|_until$|^id$|^version$|_id$|sequence|_no$|^late$|insisted|fence|attempts|silences|sends|repeats|surplus_of|^at$|LIMIT/;
const isText =
  /^(bill_no|external_bill_no|out_trade_no|out_refund_no|patient_no|channel_trade_no|channel_refund_no|public_id|notification_id|key_id|app_id|merchant_id|configuration_id|event_id)$/;

function valueFor(
  table: TableName,
  column: string,
  text: string,
  dice: Dice,
  tables: Tables,
  written: boolean,
): Value | undefined {
  const mayBeNull =
    written && !text.startsWith('SELECT') && column !== 'id' && nullable.get(`${table}.${column}`) === true;
  if (mayBeNull && dice.below(3) === 0) return null;
  if (text.includes('COALESCE(?') && dice.below(2) === 0 && mayBeNull) return null;
  if (column === 'body') return null;
  const words = choices[`${table}.${column}`] ?? choices[column];
  if (words !== undefined) return dice.among(words);
  const parent = parents[column];
  if (parent !== undefined) {
    const rows: readonly { id: number }[] = tables[parent];
    return rows.length === 0 ? undefined : dice.among(rows).id;
  }
  if (column === 'LIMIT') return 1 + dice.below(3);
  if (column === 'version') return 1 + dice.below(4);
  if (column === 'fence') return dice.below(3);
  if (/total_fen|payable_fen/.test(column)) return 100;
  if (/discount_fen|fund_pay|account_pay/.test(column)) return dice.below(8) === 0 ? 7 : 0;
  if (column.endsWith('_fen')) return dice.among([0, 1, 50, 100]);
  if (column === 'late' || column === 'insisted') return dice.below(2);
  if (column === 'shown_bill_id') return tables.bills.length === 0 ? null : dice.among(tables.bills).id;
  // The one id that is given and not taken: a clinic's own, or the next.
  if (column === 'id' && text.startsWith('INSERT')) return 1 + dice.below(tables[table].length + 1);
  if (column === 'id') return 1 + dice.below(6);
  if (isText.test(column)) return `${column.slice(0, 6)}-${dice.below(40)}`;
  if (isNumber.test(column)) return 1 + dice.below(6);
  return `${column.slice(0, 6)} ${dice.below(4)}`;
}

import { describe, expect, test } from 'vitest';
import { engines } from '../../../test/engines.ts';
import { versionsOf } from './sessions.ts';

const ids = (count: number) => Array.from({ length: count }, (_one, index) => `session-${index}`);

describe('asking for the versions of watched sessions', () => {
  test('meets the database with three texts, however many pages are open', () => {
    const texts = ids(500).map((_id, index) => versionsOf(ids(index + 1)).statement);
    expect(new Set(texts).size).toBe(3);
  });

  test('asks about every one of them, and fills up with what is nobody', () => {
    for (const count of [1, 16, 17, 128, 129, 500]) {
      const { statement, values } = versionsOf(ids(count));
      expect(values.slice(0, count)).toEqual(ids(count));
      expect(new Set(values.slice(count)).isSubsetOf(new Set(['']))).toBe(true);
      expect(statement.split('?')).toHaveLength(values.length + 1);
    }
  });

  test.each(engines)('is understood by $name', async ({ open }) => {
    const store = await open();
    const { statement, values } = versionsOf(ids(17));
    expect(await store.read((tx) => tx.all(statement, ...values))).toEqual([]);
    await store.close();
  });
});

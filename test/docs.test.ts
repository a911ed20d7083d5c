import { describe, expect, test } from 'vitest';
import { errorsPage } from '../scripts/errors-page.ts';
import { readSettings, settingsSchema } from '../src/config/settings.ts';
import { readTree } from './tidy/tree.ts';

const project = readTree('.');

/** The cells of every table row whose first cell is one backticked word, by that word. */
function rows(page: string): Map<string, string[]> {
  const lines = project.text(page).split('\n');
  const cells = lines
    .filter((line) => /^\| `[^`]+` \|/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1')));
  return new Map(cells.map(([, first = '', ...rest]) => [first, rest]));
}

describe('the page of errors', () => {
  test('says what the tables of codes and faults say, word for word', () => {
    const remedy = 'run: node scripts/run.mjs scripts/errors-page.ts';
    expect(project.text('docs/errors.md'), remedy).toBe(errorsPage());
  });
});

describe('the page of settings', () => {
  const told = rows('docs/howto/configure.md');
  const known = Object.keys(settingsSchema.shape);

  test('names every setting once, and no other', () => {
    expect([...told.keys()].sort()).toEqual([...known].sort());
  });

  test('says which default each setting has', () => {
    const defaults = new Map(Object.entries(settingsSchema.parse({})));
    for (const [name, [byDefault]] of told) {
      expect(byDefault, name).toBe(String(defaults.get(name) ?? '—'));
    }
  });

  test('gives an example of each setting that the settings accept', () => {
    for (const [name, [, example = '']] of told) {
      expect(example, name).not.toBe('');
      expect(readSettings({ [name]: example }).faults, name).toEqual([]);
    }
  });

  test('marks the secrets, which may come from a file, and nothing else', () => {
    for (const [name, [, , marked]] of told) {
      const file = `${name}_FILE`;
      const { faults } = readSettings({ [file]: '/nowhere/at/all' });
      const isRead = faults.some(({ field, problem }) => field === file && problem.includes('cannot be read'));
      expect(marked !== '', name).toBe(isRead);
    }
  });
});

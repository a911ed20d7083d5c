import { describe, expect, test } from 'vitest';
import { errorsPage } from '../scripts/errors-page.ts';
import { readSettings, settingsSchema } from '../src/config/settings.ts';
import { retirement, sessionStatus } from '../src/http/schemas/session.ts';
import { readTree, target } from './tidy/tree.ts';

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
      const isRead = faults.some(
        ({ field, problem }) => field === file && problem.includes('cannot be read'),
      );
      expect(marked !== '', name).toBe(isRead);
    }
  });
});

describe('the glossary', () => {
  const page = project.text('docs/glossary.md');
  const entries = page
    .split('\n')
    .filter((line) => /^\| [^|-]/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, word = '', code = '', meaning = '']) => ({
      word,
      codes: ticked(code),
      values: ticked(meaning),
    }));

  test('gives every code word to one entry', () => {
    const codes = entries.flatMap((entry) => entry.codes);
    expect(codes.filter((code, at) => codes.indexOf(code) !== at)).toEqual([]);
  });

  test('knows every table of the schema', () => {
    const codes = new Set(entries.flatMap((entry) => entry.codes));
    expect(
      tables()
        .map(([table]) => table)
        .filter((table) => !codes.has(table)),
    ).toEqual([]);
  });

  test('knows every word that a column may hold', () => {
    const missing = tables().flatMap(([table, text]) =>
      [...text.matchAll(/\b(\w+) (?:NOT )?IN \(('[^)]+')\)/g)].flatMap(([, column = '', list = '']) => {
        const entry = entries.find(({ codes }) => codes.includes(`${table}.${column}`));
        const words = [...list.matchAll(/'(\w+)'/g)].map(([, word = '']) => word);
        return words
          .filter((word) => entry?.values.includes(word) !== true)
          .map((word) => `${table}.${column}: ${word}`);
      }),
    );
    expect(missing).toEqual([]);
  });

  test('knows every word that the API answers for a session', () => {
    const { end_reason: endReason } = sessionStatus.shape;
    for (const [code, options] of [
      ['end_reason', endReason.unwrap().options],
      ['result', retirement.shape.result.options],
    ] as const) {
      expect(entries.find(({ codes }) => codes.includes(code))?.values, code).toEqual(
        expect.arrayContaining([...options]),
      );
    }
  });
});

/** The words between backticks. */
function ticked(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
}

/** Every table of the schema with the text that makes it. */
function tables(): [string, string][] {
  return project
    .names(/^src\/store\/schema\/\d+-.*\.sql$/)
    .flatMap((name) =>
      [...project.text(name).matchAll(/^CREATE TABLE (\w+) \(([^]*?)^\)/gm)].map(
        ([, table = '', text = '']): [string, string] => [table, text],
      ),
    );
}

describe('the page of alarms', () => {
  test('explains every alarm, and no other', () => {
    const type = /type AlarmCode =([^;]*);/.exec(project.text('src/alarm/raise-alarm.ts'))?.[1] ?? '';
    const codes = [...type.matchAll(/\| '(\w+)'/g)].map(([, code]) => code);
    expect([...rows('docs/howto/alarms.md').keys()].sort()).toEqual(codes.sort());
  });
});

describe.each(['README.md', 'README.en.md'])('%s', (readme) => {
  const page = project.text(readme);

  test('names only commands that there are', () => {
    const scripts = Object.keys(project.json('package.json').scripts ?? {});
    const asked = [...page.matchAll(/(?:^|`|\$\()npm (?:run (?:--silent )?)?([a-z][\w:-]*)/gm)].map(
      ([, script]) => script,
    );
    expect(asked.length).toBeGreaterThan(3);
    expect(asked.filter((script) => !scripts.includes(script ?? ''))).toEqual([]);
  });

  test('names in its map only what is there, and every part of src', () => {
    const map = /```\nsrc\/\n([^]*?)```/.exec(page)?.[1] ?? '';
    const told = map.split('\n').flatMap((line) => {
      const [, indent = '', names = ''] = /^( *)((?:[\w.-]+\/? )*[\w.-]+\/?)  /.exec(`${line}  `) ?? [];
      return names === '' ? [] : names.split(' ').map((name) => (indent === '' ? name : `src/${name}`));
    });
    const isThere = (name: string) =>
      project.names(/./).some((file) => file === name || file.startsWith(name));
    expect(told.filter((name) => !isThere(name))).toEqual([]);
    const parts = new Set(
      project.names(/^src\/[^/]+\//).map((name) => name.split('/').slice(0, 2).join('/')),
    );
    expect([...parts].filter((part) => !told.includes(`${part}/`))).toEqual([]);
  });
});

test('every link in every page leads to a file that is there', () => {
  const astray = project.names(/^[^/]*\.md$|^(docs|src|simulator|bench|test|web)\/.*\.md$/).flatMap((name) =>
    [...project.text(name).matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !project.has(target(name, link)))
      .map((link) => `${name}: ${link}`),
  );
  expect(astray).toEqual([]);
});

import { describe, expect, test } from 'vitest';
import { laws } from './tidy/laws.ts';
import { readTree, Tree } from './tidy/tree.ts';

const project = readTree('.');

describe('the project keeps its laws', () => {
  for (const law of laws) {
    test(law.truth, () => {
      const breaches = law.breaches(project);
      expect(breaches, breaches.join('\n')).toEqual([]);
    });
  }
});

describe('a law says no to what breaks it', () => {
  for (const law of laws) {
    test.each(Object.entries(law.broken))(`${law.truth}: %s`, (name, text) => {
      expect(law.breaches(new Tree({ [name]: text })), text).not.toEqual([]);
    });
  }
});

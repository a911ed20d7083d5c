import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStream } from '../simulation/chance.ts';
import { readBooks } from './books-at-rest.ts';
import { failDisks, noDiskFigures } from './disk.ts';
import { makeTemplate } from './life.ts';
import { examine, killWriter } from './moments.ts';
import { killService, noServiceFigures } from './service.ts';
import { makeStageTemplate, play, type StageTemplate } from './stage.ts';
import { hasStrace } from './strace.ts';
import { noTornFigures, proveSyncs, record, tearImages } from './torn.ts';

/** A small, seeded share of `npm run crash`; the whole of it takes an hour. */
describe('whatever is killed or torn', () => {
  let folder: string;
  let template: StageTemplate;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'zhenfu-crash-'));
    template = await makeStageTemplate(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('a service under load that is killed with -9 keeps what it promised, and its money finds its end', async () => {
    const data = join(folder, 'service');
    mkdirSync(data);
    const figures = noServiceFigures();
    await killService(await makeTemplate(data), { seed: 'test', kills: 2 }, figures, () => undefined);
    expect(figures.faults).toEqual([]);
    expect(figures).toMatchObject({ kills: 2, lives: 1 });
  });

  const story = 'a payment that is notified, and a part of it that goes back';
  const points = openStream('points of the test');
  it.each([
    { method: 'alipay', dieAt: points.between(1, 170) },
    { method: 'wechat', dieAt: points.between(171, 340) },
    { method: 'alipay', dieAt: points.between(341, 500) },
  ] as const)(
    'a process killed with -9 at a statement leaves what another one can end: %j',
    async (where) => {
      const played = await play(template, { ...where, story, seed: 'test' });
      expect(played).toMatchObject({ killed: true, faults: [] });
    },
  );

  it('a writer killed with -9 at a moment of its own choosing has committed what it promised', async () => {
    expect((await killWriter(template, 250)).faults).toEqual([]);
  });

  it('a promise that no row keeps is told', async () => {
    const books = readBooks(template.path);
    const promised = { words: 'bill 1 was made', row: 'SELECT 1 FROM bills WHERE id = ?', values: [1] };
    const faults = await examine(books, { promises: [promised], ledger: [] });
    books.close();
    expect(faults).toEqual(['I-20: bill 1 was made, and it is not there']);
  });

  describe.runIf(hasStrace())('as strace sees it', () => {
    it('a disk that lost its power after any write holds what was promised before', async () => {
      const figures = noTornFigures();
      await tearImages(template, { seed: 'test', images: 60 }, figures, () => undefined);
      expect(figures.faults).toEqual([]);
      expect(figures.torn).toBeGreaterThan(30);
      expect(figures.syncs).toBeGreaterThanOrEqual(figures.commits);
    });

    it('a store that does not sync each commit would be found out', async () => {
      const { faults } = proveSyncs(await record(template, folder, 'test', 'synchronous = NORMAL'));
      expect(faults.at(-1)).toMatch(/^\d+ fsyncs for \d+ commits$/);
    });

    it('a disk that answers with an error is promised nothing on, and the next one goes on', async () => {
      const figures = { ...noDiskFigures(), faultyDisks: 70 };
      await failDisks(template, { seed: 'test', disks: 72 }, figures, () => undefined);
      expect(figures.faults).toEqual([]);
    });
  });
});

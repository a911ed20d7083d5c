import { once } from 'node:events';
import { get } from 'node:http';
import { sessionView } from '#sql/sessions';
import type { Statement } from '#store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeAudited } from '../auditor.ts';
import { openClinic, type Clinic, type Opened } from '../clinic.ts';
import { engines } from '../engines.ts';

const API = '/api/v1/finance';

describe.each(engines)('event streams on $name', (engine) => {
  let clinic: Clinic;
  let opened: Opened;
  let url: string;
  beforeEach(async () => {
    clinic = await openClinic(engine);
    opened = await clinic.open(await clinic.bill(), 'wechat');
    url = `${API}/payment-sessions/${opened.session_id}/events`;
  });
  afterEach(() => closeAudited(clinic));

  const listened = () => clinic.app.parts.hub.listenedTo();
  const watchedUntil = async () => (await clinic.session(opened.session_id)).watched_until;

  /** How often the product reads by this statement from now on. */
  function countReads(statement: Statement): () => number {
    const { store } = clinic.app.parts;
    const read = store.read;
    let reads = 0;
    store.read = (work) =>
      read((tx) =>
        work({
          all: (asked, ...values) => tx.all(asked, ...values),
          one: (asked, ...values) => {
            if (asked === statement) reads += 1;
            return tx.one(asked, ...values);
          },
        }),
      );
    return () => reads;
  }

  it('a page that leaves while its stream opens is neither told nor counted as watching', async () => {
    await clinic.world.advance(30_000);
    const before = await watchedUntil();
    const { server } = clinic.app;
    const address = await server.listen({ host: '127.0.0.1', port: 0 });
    const arrived = once(server.server, 'request');
    clinic.process.stop(); // the database is slow
    const page = get(address + url).on('error', () => undefined);
    const [, answer] = await arrived;
    page.destroy();
    await once(answer, 'close');
    clinic.process.go();
    await clinic.world.advance(20_000);
    expect(listened()).toEqual([]);
    expect(await watchedUntil()).toBe(before);
  });

  it('HEAD opens no stream', async () => {
    const answer = await clinic.app.server.inject({ method: 'HEAD', url });
    expect(answer.statusCode).toBe(404);
    expect(listened()).toEqual([]);
  });

  it('a page that stays open after the end keeps nobody reading', async () => {
    const stream = await clinic.stream(opened.session_id);
    await clinic.cancel(opened.session_id);
    await clinic.world.advance(20_000);
    expect(stream.events.at(-1)?.data).toMatchObject({ status: 'cancelled' });
    const reads = countReads(sessionView);
    await clinic.world.advance(60_000);
    expect(reads()).toBe(0);
    expect(listened()).toEqual([opened.session_id]);
  });

  it('who refuses event streams hears so as a problem', async () => {
    const answer = await clinic.call('GET', url, undefined, { accept: 'application/json' });
    expect([answer.status, answer.body.code]).toEqual([406, 'not_acceptable']);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body.zh).toMatch(/\p{Script=Han}/u);
    expect(listened()).toEqual([]);
  });
});

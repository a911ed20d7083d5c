import { describe, expect, test } from 'vitest';
import { allowedOrigins } from './channels.ts';
import { readSettings, type Settings } from './settings.ts';
import { planWebhook } from './webhook.ts';

const good = {
  ZHENFU_WEBHOOK_URL: 'http://192.168.1.20:8081/zhenfu/events',
  ZHENFU_WEBHOOK_ALLOW: 'his.clinic.example:443, 192.168.1.20:8081',
  ZHENFU_WEBHOOK_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
};
const FORMER = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';

function settingsOf(env: Record<string, string | undefined>): Settings {
  const { settings, faults } = readSettings(env);
  if (faults.length > 0) throw new Error(JSON.stringify(faults));
  return settings;
}
const plan = (change: Record<string, string | undefined> = {}) =>
  planWebhook(settingsOf({ ...good, ...change }));
const faulty = (change: Record<string, string | undefined>): string[] =>
  plan(change).faults.map(({ field }) => field);

describe('the target of webhooks', () => {
  test('is an address on the list, with its secret', () => {
    expect(plan()).toMatchObject({
      target: { url: good.ZHENFU_WEBHOOK_URL, secrets: [good.ZHENFU_WEBHOOK_SECRET] },
      faults: [],
    });
    expect(plan({ ZHENFU_WEBHOOK_FORMER_SECRET: FORMER }).target?.secrets).toEqual([
      good.ZHENFU_WEBHOOK_SECRET,
      FORMER,
    ]);
  });

  test('may be left out, and then nothing is asked', () => {
    expect(plan({ ZHENFU_WEBHOOK_URL: undefined, ZHENFU_WEBHOOK_SECRET: undefined })).toEqual({ faults: [] });
  });

  test('is refused with every reason at once', () => {
    expect(
      faulty({
        ZHENFU_WEBHOOK_URL: 'http://169.254.169.254/',
        ZHENFU_WEBHOOK_ALLOW: '169.254.169.254:80, *',
        ZHENFU_WEBHOOK_SECRET: undefined,
      }),
    ).toEqual(['ZHENFU_WEBHOOK_ALLOW', 'ZHENFU_WEBHOOK_URL', 'ZHENFU_WEBHOOK_SECRET']);
  });

  test.each([
    ['no list at all', { ZHENFU_WEBHOOK_ALLOW: undefined }],
    ['another port on the list', { ZHENFU_WEBHOOK_ALLOW: '192.168.1.20:8082' }],
    ['a user in the address', { ZHENFU_WEBHOOK_URL: 'http://his:secret@192.168.1.20:8081/' }],
    ['an odd spelling', { ZHENFU_WEBHOOK_URL: 'http://0300.0250.1.20:8081/' }],
  ])('is refused with %s, and no value is told', (_what, change) => {
    const { target, faults } = plan(change);
    expect(target).toBeUndefined();
    expect(faults.map(({ field }) => field)).toEqual(['ZHENFU_WEBHOOK_URL']);
    expect(JSON.stringify(faults)).not.toMatch(/secret|8082|0300/);
  });

  test.each(['8080', '9999'])('is never ourselves: port %s on this machine', (port) => {
    const address = {
      ZHENFU_WEBHOOK_URL: `http://127.0.0.1:${port}/`,
      ZHENFU_WEBHOOK_ALLOW: `127.0.0.1:${port}`,
    };
    expect(faulty({ ...address, SIMULATOR_PORT: '9999' })).toEqual(['ZHENFU_WEBHOOK_URL']);
    expect(faulty({ ...address, PORT: '8070', SIMULATOR_PORT: '8071' })).toEqual([]);
  });

  test('is judged again by where its name leads when it is sent', () => {
    const { target } = plan({
      ZHENFU_WEBHOOK_URL: 'https://his.clinic.example/',
      ZHENFU_WEBHOOK_ALLOW: 'his.clinic.example:443',
    });
    expect(['10.0.0.7', '169.254.169.254', '::ffff:10.0.0.7'].map((to) => target?.mayConnect(to))).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('is the one address beside the gateways that a request may go to', () => {
    const may = allowedOrigins(settingsOf(good));
    expect(may(new URL('http://192.168.1.20:8081/anything'))).toBe(true);
    expect(may(new URL('http://192.168.1.20:8082/'))).toBe(false);
    expect(may(new URL('https://his.clinic.example/'))).toBe(false);
    expect(
      allowedOrigins(settingsOf({ ...good, ZHENFU_WEBHOOK_SECRET: undefined }))(
        new URL(good.ZHENFU_WEBHOOK_URL),
      ),
    ).toBe(false);
  });

  test.each([
    'whsec_',
    'whsec_c2hvcnQ=',
    'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS',
    `whsec_${'A'.repeat(92)}`,
  ])('takes no weak or broken secret: %j', (secret) => {
    const { faults } = readSettings({ ZHENFU_WEBHOOK_SECRET: secret });
    expect(faults.map(({ field }) => field)).toEqual(['ZHENFU_WEBHOOK_SECRET']);
  });
});

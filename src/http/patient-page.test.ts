import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { renderNoSession, renderPatientPage, type PatientView } from './patient-page.ts';
import { patientScript } from './patient/script.ts';

const status: PatientView['status'] = {
  status: 'pending',
  bill_id: 42,
  payment_method: 'alipay',
  expires_at: '2026-11-22T02:15:00Z',
  session_id: 'abcdefghijklmnopqrstuv',
  phase: 'ready',
  code_shown: true,
  amount_fen: 128_850,
  amount: '1288.50',
  version: 3,
  server_time: '2026-11-22T02:00:00Z',
  paid_at: null,
  late: false,
  disposition: null,
  replaced_by: null,
  end_reason: null,
  clinic_name: '春晖社区门诊部',
};

const render = (more: Partial<PatientView['status']> = {}, view: Partial<PatientView> = {}): string =>
  renderPatientPage({
    status: { ...status, ...more },
    clinicName: '春晖社区门诊部',
    world: 'live',
    nonce: 'bm9uY2U',
    imageUrl: '/api/v1/finance/qr-codes/abcdefghijklmnopqrstuv.png',
    eventsUrl: '/api/v1/finance/payment-sessions/abcdefghijklmnopqrstuv/events',
    ...view,
  });

test('a patient sees payee, amount, method, code and until when it counts', () => {
  const page = render();
  for (const seen of [
    '春晖社区门诊部',
    '1,288.50',
    '支付宝',
    'qr-codes/abcdefghijklmnopqrstuv.png',
    '10:15',
    '待支付',
  ]) {
    expect(page).toContain(seen);
  }
});

test('the image is asked for only while the code may stand on a screen', () => {
  expect(render({ code_shown: false, phase: 'confirming' })).not.toContain('<img');
  expect(render({ status: 'expired', phase: 'ended', code_shown: false })).not.toContain('<img');
});

test('success is said for the word paid alone', () => {
  expect(render({ status: 'paid', phase: 'ended', code_shown: false, disposition: 'settled' })).toContain(
    '支付成功',
  );
  for (const phase of ['creating', 'ready', 'scanned', 'confirming'] as const) {
    expect(render({ phase, code_shown: phase === 'ready' })).not.toContain('支付成功');
  }
  expect(
    render({ status: 'cancelled', phase: 'ended', code_shown: false, disposition: 'surplus' }),
  ).not.toContain('支付成功');
});

test('a page without scripts finds out by itself', () => {
  expect(render()).toContain('<noscript><meta http-equiv="refresh" content="3"></noscript>');
});

test('a pretended world is said on the page, the live one is not decorated', () => {
  expect(render({}, { world: 'simulated' })).toContain('模拟环境');
  expect(render()).not.toContain('class="stripes"');
});

test('a clinic name cannot become markup', () => {
  const page = render({}, { clinicName: '<script>"A" & \'B\'' });
  expect(page).not.toContain('<script>"A"');
  expect(page).toContain('&#60;script&#62;&#34;A&#34; &#38; &#39;B&#39;');
});

test('style and script carry the nonce, and nothing else is inline', () => {
  const page = render();
  expect(page.match(/<(?:script|style)[^>]*>/g)).toEqual([
    '<style nonce="bm9uY2U">',
    '<script nonce="bm9uY2U">',
  ]);
  expect(page).not.toMatch(/ (?:style|on\w+)=/);
});

test('a code that was replaced leads to the new one', () => {
  const replaced = {
    status: 'cancelled',
    phase: 'ended',
    code_shown: false,
    replaced_by: 'nnnnnnnnnnnnnnnnnnnnnn',
  } as const;
  expect(render(replaced)).toContain('href="/pay/nnnnnnnnnnnnnnnnnnnnnn"');
});

test('the script stays under three kilobytes', () => {
  expect(Buffer.byteLength(patientScript)).toBeLessThan(3_072);
  expect(gzipSync(render()).byteLength).toBeLessThan(6_144);
});

test('who asks for English gets it', () => {
  expect(render({}, { language: 'en' })).toContain('Waiting for payment');
});

test('a link that leads nowhere says so and names no session', () => {
  const page = renderNoSession({ clinicName: '春晖社区门诊部', world: 'live', nonce: 'bm9uY2U' });
  expect(page).toContain('链接无效');
  expect(page).not.toContain('http-equiv="refresh"');
});

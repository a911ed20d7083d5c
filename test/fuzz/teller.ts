import { isJsonObject } from '#json';
import { troubles } from '#trouble';
import type { Weather } from '../../simulator/kernel/contract.ts';
import { audit } from '../audit.ts';
import type { Answer, Instance } from '../clinic.ts';
import { alipaySays, paidTransaction, wechatSays } from '../support/channel-words.ts';
import { yuan, fen } from '#money';
import { openWatched, type Watched } from './scene.ts';
import type { Step, weathers } from './steps.ts';
import type { Tally } from './tally.ts';

const API = '/api/v1/finance';
/** What the channels' silence or refusal makes of a request: told as it is, by a code of its own. */
const honest = new Set([
  'channel_declined',
  'channel_silent',
  'channel_trouble',
  'channel_throttled',
  'unavailable',
]);

/** Lives through one story in a clinic of its own, and says what was broken in it. */
export async function tell(story: readonly Step[], outcomes: Tally): Promise<string[]> {
  const watched = await openWatched();
  const teller = new Teller(watched, outcomes);
  watched.complaints.listen();
  try {
    for (const step of story) await teller.live(step);
    return await teller.end();
  } finally {
    watched.complaints.stop();
    await watched.clinic.close();
  }
}

class Teller {
  readonly #watched: Watched;
  readonly #outcomes: Tally;
  readonly #violations: string[] = [];
  readonly #lied: string[] = [];
  readonly #bills: number[] = [];
  readonly #sessions: { id: string; code: string; number: string; method: string }[] = [];
  readonly #prescriptions: number[] = [];
  #alive: Instance;

  constructor(watched: Watched, outcomes: Tally) {
    this.#watched = watched;
    this.#outcomes = outcomes;
    this.#alive = watched.clinic;
  }

  async live(step: Step): Promise<void> {
    const { clinic } = this.#watched;
    switch (step.do) {
      case 'bill': {
        const lines = [line(step.fen), line(step.fen)];
        const no = `S-${this.#bills.length}`;
        const made = await this.#ask(step, `${API}/bills`, {
          external_bill_no: no,
          patient_name: '张小丰',
          lines,
        });
        if (made.status === 201) this.#bills.push(made.body.id);
        return;
      }
      case 'open':
        return this.#open(step);
      case 'scan':
      case 'pay':
        return this.#wallet(step);
      case 'cancel':
        return this.#act(step, `${API}/payment-sessions/${this.#session(step.session)?.id}/cancellation`, {
          insist: step.insist,
        });
      case 'inquire':
        return this.#act(step, `${API}/payment-sessions/${this.#session(step.session)?.id}/inquiry`, {});
      case 'void':
        return this.#act(step, `${API}/bills/${at(this.#bills, step.bill)}/void`, {
          reason: '退号',
          insist: step.insist,
        });
      case 'refund':
        return this.#act(step, `${API}/bills/${at(this.#bills, step.bill)}/refunds`, {
          amount_fen: step.fen,
          reason: '退药',
        });
      case 'refund_line': {
        const lines = [{ line_no: step.line, amount_fen: step.fen }];
        return this.#act(step, `${API}/bills/${at(this.#bills, step.bill)}/refunds`, {
          lines,
          reason: '退药',
        });
      }
      case 'approve':
        return this.#act(step, `${API}/refunds/${step.refund + 1}/approval`, {});
      case 'take_back':
        return this.#act(step, `${API}/refunds/${step.refund + 1}/cancellation`, {});
      case 'post':
        return this.#act(step, `${API}/suspense/${step.item + 1}/posting`, {
          note: '核对',
          bill_id: at(this.#bills, step.bill) ?? 1,
        });
      case 'send_back':
        return this.#act(step, `${API}/suspense/${step.item + 1}/refund`, { note: '核对' });
      case 'hold':
        return this.#act(step, `${API}/suspense/${step.item + 1}/hold`, { note: '核对' });
      case 'close':
        return this.#act(step, `${API}/suspense/${step.item + 1}/closure`, { note: '核对' });
      case 'prescribe':
        return this.#prescribe(step);
      case 'review':
        return this.#act(step, `/api/v1/prescriptions/${at(this.#prescriptions, step.rx)}/review`, {
          decision: step.approve ? 'approve' : 'return',
        });
      case 'void_rx':
        return this.#act(step, `/api/v1/prescriptions/${at(this.#prescriptions, step.rx)}/void`, {
          reason: '开错',
          insist: step.insist,
        });
      case 'tell_again': {
        const notice = at(clinic.delivered, step.notice);
        if (notice === undefined) return;
        const method = String(notice.headers['content-type']).includes('form') ? 'alipay' : 'wechat';
        return this.#act(
          step,
          `${API}/notifications/${method}`,
          Buffer.from(notice.body).toString(),
          notice.headers,
        );
      }
      case 'tell_lie':
        return this.#lie(step);
      case 'unknown_money': {
        const number = `ZF20261122X${this.#lied.length}`;
        return this.#tellPaid(step, number, step.fen * 2, 'wechat');
      }
      case 'nonsense':
        return this.#act(step, at(paths, step.path) ?? '', at(bodies, step.body));
      case 'weather':
        if (step.kind === 'calm') clinic.calm();
        else clinic.weather(weatherOf(step.kind));
        return;
      case 'wait':
        await (step.ms > 60_000 ? this.#pass(step.ms) : clinic.world.advance(step.ms));
        return;
      case 'kill':
        this.#alive.process.kill();
        this.#alive = await clinic.instance();
    }
  }

  /** The weather clears, everything that can still happen does, and the books are held against the world. */
  async end(): Promise<string[]> {
    const { clinic, complaints } = this.#watched;
    clinic.calm();
    await this.#pass(40 * 60_000);
    // A machine that was killed leaves its last words half said.
    const said = complaints.all.filter((complaint) => !complaint.includes('the process was killed'));
    const found = await audit(clinic, { liedAbout: this.#lied, unseenAllowed: this.#lied.length > 0 });
    // A code about which its channel lied can be paid all the same: no fault of ours.
    const ours = found.filter(
      (fault) => !/^I-1[23]/.test(fault) || !this.#lied.some((one) => fault.includes(one)),
    );
    return [...this.#violations, ...said, ...ours];
  }

  async #pass(ms: number): Promise<void> {
    const { world } = this.#watched.clinic;
    for (let left = ms; left > 0; left -= 20_000) {
      await world.leap(Math.min(left, 19_400));
      await world.advance(600);
    }
  }

  #session(index: number) {
    return at(this.#sessions, index);
  }

  async #open(step: Extract<Step, { do: 'open' }>): Promise<void> {
    const { method, minutes, refresh, insist } = step;
    const answer = await this.#ask(step, `${API}/bills/${at(this.#bills, step.bill)}/qr-payment`, {
      payment_method: method,
      timeout_minutes: minutes,
      refresh,
      insist,
    });
    if (answer.status > 201) return;
    const { session_id: id, qr_code_content: code } = answer.body;
    const { out_trade_no: number } = await this.#watched.clinic.session(id);
    this.#sessions.push({ id, code, number, method: answer.body.payment_method });
  }

  async #wallet(step: Extract<Step, { do: 'scan' | 'pay' }>): Promise<void> {
    const { clinic } = this.#watched;
    const code = this.#session(step.code)?.code;
    if (code === undefined) return;
    const gateway = clinic.sim.gateways.find((one) => one.knows(code));
    const done = gateway?.[step.do](code, 'patient');
    this.#outcomes.count(`${step.do} ${done?.ok === true ? 'done' : 'refused'}`);
    await clinic.world.advance(20);
  }

  async #prescribe(step: Extract<Step, { do: 'prescribe' }>): Promise<void> {
    const made = await this.#ask(
      step,
      '/api/v1/prescriptions',
      prescription(step.herbal, this.#prescriptions.length),
    );
    if (made.status !== 201) return;
    this.#prescriptions.push(made.body.id);
    if (made.body.bill_id !== null) this.#bills.push(made.body.bill_id);
  }

  /** The channel signs an amount that nobody paid. */
  #lie(step: Extract<Step, { do: 'tell_lie' }>): Promise<void> {
    const session = this.#session(step.session);
    if (session === undefined) return Promise.resolve();
    return this.#tellPaid(step, session.number, step.fen, session.method);
  }

  async #tellPaid(step: Step, number: string, total: number, method: string): Promise<void> {
    const { clinic } = this.#watched;
    this.#lied.push(number);
    const paid = paidTransaction(clinic, number);
    const words =
      method === 'alipay'
        ? alipaySays(clinic, number, { total_amount: yuan(fen(total)) })
        : wechatSays(clinic, { ...paid, amount: { ...paid['amount'], total, payer_total: total } });
    await this.#act(step, `${API}/notifications/${method}`, words.body, {
      authorization: '',
      ...words.headers,
    });
  }

  async #act(step: Step, url: string, body: unknown, headers: Record<string, string> = {}): Promise<void> {
    await this.#ask(step, url, body, headers);
  }

  async #ask(step: Step, url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const answer = await this.#alive.call('POST', url, body, headers);
    const code = answer.status >= 400 && isJsonObject(answer.body) ? String(answer.body['code']) : '';
    this.#outcomes.count(`${step.do} ${answer.status} ${code}`.trim());
    const dialect = url.includes('/notifications/');
    const known = Object.hasOwn(troubles, code);
    if (answer.status >= 400 && !known && !dialect)
      this.#violations.push(`${step.do}: ${answer.status} without a code`);
    if (answer.status >= 500 && !dialect && !honest.has(code))
      this.#violations.push(`${step.do}: ${answer.status} ${code}`);
    return answer;
  }
}

function at<T>(list: readonly T[], index: number): T | undefined {
  return list.length === 0 ? undefined : list[index % list.length];
}

function line(unit: number) {
  return { fee_class: '09', name: '阿莫西林胶囊', quantity: 1, unit: '盒', unit_price_fen: unit };
}

function weatherOf(kind: (typeof weathers)[number]): Partial<Weather> {
  return kind === 'silent' || kind === 'refund_stuck' ? { [kind]: true } : { [kind]: 0.6 };
}

const paths = [
  `${API}/bills/0/qr-payment`,
  `${API}/bills/1/qr-payment`,
  `${API}/bills`,
  `${API}/payment-sessions/x/cancellation`,
  `${API}/refunds/1/approval`,
  `${API}/suspense/1/posting`,
  '/api/v1/prescriptions',
  `${API}/notifications/alipay`,
];
const bodies = [
  '',
  '{',
  '{"a":1,"a":2}',
  '[]',
  'null',
  '{"__proto__":{}}',
  '{"payment_method":"cash"}',
  '{"note":"x"}',
];

function prescription(herbal: boolean, index: number) {
  const rxLine = {
    generic_name: `药品${index}`,
    spec: '0.25g',
    kind: herbal ? 'herb' : 'western',
    dose: '1',
    dose_unit: 'g',
    route: '口服',
    frequency: 'bid',
    days: 3,
    quantity: 2,
    unit: '盒',
    unit_price_fen: 1_000,
  };
  return {
    patient_name: '张小丰',
    patient_no: `P-${index}`,
    sex: 'female',
    birth_date: '1980-01-02',
    department: '内科',
    doctor: '李医生',
    diagnosis: '上呼吸道感染',
    rx_type: herbal ? 'herbal' : 'western',
    ...(herbal ? { doses: 3 } : {}),
    lines: [rxLine],
  };
}

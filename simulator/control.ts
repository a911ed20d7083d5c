/**
 * The control API under `/_sim`: what a phone, a test or the product may ask of the simulators, and what
 * no real channel would let anybody do. JSON in, JSON out.
 */
import { json, problem } from './answers.ts';
import { calm } from './kernel/weather.ts';
import type { BadField } from './kernel/weather.ts';
import type { ClockChange } from './kernel/clock.ts';
import type { Gateway, GatewayAnswer, GatewayRequest, WalletResult } from './kernel/contract.ts';
import type { SimulatorKernel } from './kernel/kernel.ts';

/** How long `GET /_sim/clock?after=…` waits for a change: below the idle limits of common proxies. */
const LONG_POLL_MS = 25_000;
const DEFAULT_PAYER = 'patient';
const YEAR_MS = 366 * 86_400_000;
const DAY_MS = 86_400_000;
const MOST_FEN = 10_000_000_000;
const UNREADABLE = '无法识别的二维码';

type Body = Record<string, unknown>;

/** A request for `/_sim/…`; who may ask is decided before (access.ts). */
export async function control(
  kernel: SimulatorKernel,
  gateways: readonly Gateway[],
  request: GatewayRequest,
): Promise<GatewayAnswer> {
  const url = new URL(request.target, 'http://simulator');
  const route = `${request.method} ${url.pathname}`;
  if (route === 'GET /_sim/clock') return readClock(kernel, url.searchParams.get('after'));
  if (route === 'GET /_sim/weather') return json(200, kernel.board.state());
  if (route === 'GET /_sim/weather/calm') return json(200, calm);
  if (route === 'GET /_sim/ledger') return json(200, kernel.ledger.all());
  const change = changes[route];
  if (change === undefined) {
    return problem({ status: 404, code: 'not_found', detail: '没有这个接口 There is nothing here' });
  }
  const body = readBody(request.body);
  if (body === undefined) return badInput({ field: '', rule: 'must be a JSON object' });
  return change(body, kernel, gateways);
}

type Change = (body: Body, kernel: SimulatorKernel, gateways: readonly Gateway[]) => GatewayAnswer;

const changes: Record<string, Change> = {
  'POST /_sim/scan': (body, _kernel, gateways) => {
    const wish = readWalletWish(body);
    if ('rule' in wish) return badInput(wish);
    return walletAnswer(walletOf(gateways, wish.content)?.scan(wish.content, wish.payer));
  },
  'POST /_sim/pay': (body, _kernel, gateways) => {
    const wish = readWalletWish(body);
    if ('rule' in wish) return badInput(wish);
    const amountFen = body['amount_fen'];
    if (amountFen !== undefined && !isWhole(amountFen, 1, MOST_FEN)) {
      return badInput({ field: 'amount_fen', rule: 'must be a whole number of fen, 1 or more' });
    }
    return walletAnswer(walletOf(gateways, wish.content)?.pay(wish.content, wish.payer, amountFen));
  },
  'PUT /_sim/weather': (body, kernel) => {
    const bad = kernel.board.merge(body);
    return bad === undefined ? json(200, kernel.board.state()) : badInput(bad);
  },
  'POST /_sim/clock': (body, kernel) => {
    const wish = readClockChange(body);
    return 'rule' in wish ? badInput(wish) : json(200, kernel.clock.change(wish));
  },
};

/** Without `after` the clock as it stands; with it, once the version is another one. */
async function readClock(kernel: SimulatorKernel, after: string | null): Promise<GatewayAnswer> {
  if (after === null) return json(200, kernel.clock.state());
  const version = Number(after);
  if (!Number.isInteger(version)) return badInput({ field: 'after', rule: 'must be a version number' });
  return json(200, await kernel.clock.changed(version, LONG_POLL_MS));
}

interface WalletWish {
  content: string;
  payer: string;
}

function readWalletWish(body: Body): WalletWish | BadField {
  const { content, payer = DEFAULT_PAYER } = body;
  if (typeof content !== 'string' || content === '' || content.length > 2048) {
    return { field: 'content', rule: 'must be the text of a QR code, at most 2048 characters' };
  }
  if (typeof payer !== 'string' || payer === '' || payer.length > 64) {
    return { field: 'payer', rule: 'must be a text of 1 to 64 characters' };
  }
  return { content, payer };
}

function readClockChange(body: Body): ClockChange | BadField {
  const change: ClockChange = {};
  for (const [field, value] of Object.entries(body)) {
    if (field === 'advance_ms' && isWhole(value, 0, YEAR_MS)) change.advance_ms = value;
    else if (field === 'skew_ms' && isWhole(value, -DAY_MS, DAY_MS)) change.skew_ms = value;
    else if (field === 'speed' && isSpeed(value)) change.speed = value;
    else return { field, rule: clockRules[field] ?? 'is nothing a clock has' };
  }
  return change;
}

const clockRules: Record<string, string> = {
  advance_ms: 'must be whole milliseconds from 0 to a year',
  skew_ms: 'must be whole milliseconds, at most a day either way',
  speed: 'must be a number from 0.1 to 3600',
};

function walletOf(gateways: readonly Gateway[], content: string): Gateway | undefined {
  return gateways.find((gateway) => gateway.knows(content));
}

/** 409 in the wallet's words, also for a text that is no channel's code. */
function walletAnswer(result: WalletResult<unknown> | undefined): GatewayAnswer {
  if (result?.ok === true) return json(200, result.value);
  const words = result?.words ?? UNREADABLE;
  return problem({ status: 409, code: 'wallet_refused', detail: words, words });
}

function badInput(bad: BadField): GatewayAnswer {
  const detail = bad.field === '' ? bad.rule : `${bad.field} ${bad.rule}`;
  return problem({ status: 400, code: 'invalid_input', detail, ...bad });
}

function readBody(bytes: Uint8Array): Body | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

function isSpeed(value: unknown): value is number {
  return typeof value === 'number' && value >= 0.1 && value <= 3600;
}

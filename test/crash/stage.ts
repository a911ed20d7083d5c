import { fork, type ChildProcess } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqlite } from '#store';
import { NetworkFault, type InboundAnswer, type OutboundRequest } from '#world';
import type { Deliver } from '../../simulator/kernel/contract.ts';
import { createSimulator, type Simulator } from '../../simulator/server.ts';
import { audit } from '../audit.ts';
import { TEN_O_CLOCK } from '../clinic.ts';
import { manualWorld, type ManualWorld } from '../manual-world.ts';
import type { Scenery } from '../simulation/day.ts';
import { makeScenery } from '../simulation/scenery.ts';
import { openStream } from '../simulation/chance.ts';
import { lowerCase } from '../simulation/road.ts';
import { readCall, type GatewayCall } from '../support/gateway-call.ts';
import { noticeId } from '../support/notice-id.ts';
import { unfinishedNow } from '../support/unfinished.ts';
import { readBooks, type Books } from './books-at-rest.ts';
import { bundle } from './bundle.ts';
import { bringToLife, type Product } from './product.ts';
import { broken, type Promised } from './promises.ts';
import type { Cue, FromPlayer, ToPlayer } from './told.ts';

const PLAYER = join(import.meta.dirname, 'player.ts');
const WRITER = join(import.meta.dirname, 'writer.ts');
/** A lease of the dead runs out, codes of one minute end, refunds are asked about: all within this. */
const MOST_REST_MS = 20 * 60_000;
const REST_STEP_MS = 10_000;

/** Files whose loss of power nobody tests here lie in memory where the machine offers it. */
export const quickFolder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export interface StageTemplate {
  scenery: Scenery;
  path: string;
  /** The programs that play and write: their sources, or bundles that start three times as fast. */
  player: string;
  writer: string;
}

/**
 * A migrated database in the state in which a stopped service leaves it. For thousands of plays the
 * player is put into one file first: most of what a short life costs is reading two hundred.
 */
export async function makeStageTemplate(folder: string, bundled = false): Promise<StageTemplate> {
  const scenery = await makeScenery();
  const path = join(folder, 'template.db');
  writeFileSync(path, scenery.image);
  await openSqlite({ path }).close();
  const program = (source: string): Promise<string> | string => (bundled ? bundle(source, folder) : source);
  return { scenery, path, player: await program(PLAYER), writer: await program(WRITER) };
}

/** One play: which story, and at which point of it the player dies. */
export type Wish = Pick<Cue, 'story' | 'method' | 'seed' | 'dieAt'>;

/** How a story ended. */
export interface Played {
  /** False when the player came to the end of its story. */
  killed: boolean;
  points: number;
  statements: number;
  promises: number;
  faults: string[];
}

/**
 * Plays one story in a process of its own that is killed at one point, and lives on without it: the
 * channels' memory outlasts the dead, a survivor opens its database, and all money must find its end.
 */
export async function play(template: StageTemplate, wish: Wish): Promise<Played> {
  const folder = mkdtempSync(join(quickFolder, 'zhenfu-stage-'));
  const stage = new Stage(template, join(folder, 'zhenfu.db'), wish.seed);
  try {
    return await stage.play(wish);
  } finally {
    await stage.close();
    rmSync(folder, { recursive: true });
  }
}

class Stage {
  readonly #template: StageTemplate;
  readonly #path: string;
  readonly #world: ManualWorld;
  readonly #calls: GatewayCall[] = [];
  readonly #promises: Promised[] = [];
  readonly #faults: string[] = [];
  #sim: Simulator | undefined;
  #player: ChildProcess | undefined;
  #survivor: Product | undefined;
  #beside: Books | undefined;
  #moving = Promise.resolve();
  #hearings = 0;
  readonly #hearing = new Map<
    number,
    { resolve: (answer: { status: number; body: Uint8Array }) => void; reject: (reason: Error) => void }
  >();

  constructor(template: StageTemplate, path: string, seed: string) {
    this.#template = template;
    this.#path = path;
    copyFileSync(template.path, path);
    this.#world = manualWorld({ startMs: TEN_O_CLOCK, seed, send: (request) => this.#send(request) });
  }

  async play(wish: Wish): Promise<Played> {
    this.#sim = await createSimulator({
      clock: this.#world,
      chance: openStream(`bank ${wish.seed}`).bytes,
      merchants: this.#template.scenery.merchants,
      deliver: this.#deliver,
    });
    const end = await this.#untilDeath(wish);
    await this.#moving;
    const books = readBooks(this.#path);
    this.#faults.push(...broken(this.#promises, books));
    if (books.one('PRAGMA integrity_check')?.['integrity_check'] !== 'ok')
      this.#faults.push('the database is damaged');
    this.#faults.push(...(await this.#audit(books, true)));
    books.close();
    await this.#surviveAndSettle();
    return {
      killed: end === undefined,
      points: end?.points ?? 0,
      statements: end?.statements ?? 0,
      promises: this.#promises.length,
      faults: this.#faults.map(
        (fault) => `${wish.story}, ${wish.method}, killed at point ${wish.dieAt}: ${fault}`,
      ),
    };
  }

  async close(): Promise<void> {
    this.#beside?.close();
    await this.#sim?.close();
  }

  /** The story, until its player is dead or done; what it said at its end. */
  #untilDeath(wish: Wish): Promise<Extract<FromPlayer, { kind: 'end' }> | undefined> {
    const { configurations } = this.#template.scenery;
    const cue: Cue = { ...wish, path: this.#path, configurations, startMs: TEN_O_CLOCK };
    const player = fork(this.#template.player, [JSON.stringify(cue)], { serialization: 'advanced' });
    this.#player = player;
    return new Promise((resolve) => {
      let end: Extract<FromPlayer, { kind: 'end' }> | undefined;
      player.on('message', (message: FromPlayer) => {
        if (message.kind === 'end') end = message;
        else this.#hearPlayer(message);
      });
      player.once('close', (code) => {
        if (code !== null && code !== 0) this.#faults.push(`the player failed with ${code}`);
        this.#player = undefined;
        for (const { reject } of this.#hearing.values()) reject(new Error('it was killed'));
        this.#hearing.clear();
        resolve(end);
      });
    });
  }

  #hearPlayer(message: Exclude<FromPlayer, { kind: 'end' }>): void {
    if (message.kind === 'promise') {
      this.#promises.push(message.promised);
    } else if (message.kind === 'complain') {
      this.#faults.push(message.words);
    } else if (message.kind === 'heard') {
      this.#hearing.get(message.id)?.resolve(message);
      this.#hearing.delete(message.id);
    } else {
      this.#moving = this.#moving
        .then(() => this.#serve(message))
        .catch((error: unknown) => void this.#faults.push(String(error)));
    }
  }

  /** The player's clock is the time of the world: what is due at the channels by then happens first. */
  async #serve(
    message: Extract<FromPlayer, { id: number; kind: 'send' | 'tick' | 'scan' | 'pay' | 'weather' }>,
  ): Promise<void> {
    const { kind, id, nowMs } = message;
    await this.#world.advance(Math.max(0, nowMs - this.#world.now()));
    let answer: InboundAnswer | undefined;
    if (kind === 'send') answer = await this.#send(message.request).catch(() => undefined);
    else if (kind === 'weather') this.#sim?.kernel.board.merge(message.change);
    else if (kind !== 'tick') {
      const gateway = this.#sim?.gateways.find((one) => one.knows(message.content));
      if (kind === 'scan') gateway?.scan(message.content, 'patient');
      else gateway?.pay(message.content, 'patient', message.fen);
      await this.#world.advance(0);
    }
    const told: ToPlayer = { kind: 'answer', id, answer };
    if (this.#player?.connected === true) this.#player.send(told, () => undefined);
  }

  async #send(request: OutboundRequest): Promise<InboundAnswer> {
    if (request.url.startsWith('http://192.168.1.20'))
      return { status: 200, headers: {}, body: new Uint8Array() };
    const url = new URL(request.url);
    const call = readCall(request, this.#world.now());
    if (call !== undefined) {
      call.known = this.#known(call.outTradeNo);
      this.#calls.push(call);
    }
    const answer = await this.#sim?.handle({
      method: request.method,
      target: url.pathname + url.search,
      headers: { host: url.host, ...lowerCase(request.headers) },
      body: request.body ?? new Uint8Array(),
    });
    if (answer?.kind !== 'answer') throw new NetworkFault('no_answer', 'ECONNRESET');
    if (call !== undefined) Object.assign(call, { status: answer.status, answeredAtMs: this.#world.now() });
    return { status: answer.status, headers: lowerCase(answer.headers), body: answer.body };
  }

  /** I-19, asked of the file from outside; closed again at once, so that a recovery is a real one. */
  #known(outTradeNo: string): boolean {
    const books = readBooks(this.#path, true);
    const row = books.one('SELECT 1 FROM payments WHERE out_trade_no = ?', outTradeNo);
    books.close();
    return row !== undefined;
  }

  readonly #deliver: Deliver = async (url, headers, body) => {
    const method = url.endsWith('/alipay') ? 'alipay' : 'wechat';
    const answer = await this.#world.busy(this.#tellProduct({ method, headers: lowerCase(headers), body }));
    const id = noticeId(method, body);
    if (answer.status < 300 && id !== undefined)
      this.#promises.push({
        words: `the notification ${id} was acknowledged`,
        row: 'SELECT 1 FROM evidence WHERE notification_id = ?',
        values: [id],
      });
    return answer;
  };

  async #tellProduct(told: {
    method: 'alipay' | 'wechat';
    headers: Record<string, string>;
    body: Uint8Array;
  }): Promise<{ status: number; body: Uint8Array }> {
    if (this.#survivor !== undefined) {
      const { status, body, apply } = await this.#survivor.hear(told);
      void this.#world.busy(apply());
      return { status, body };
    }
    const player = this.#player;
    if (player?.connected !== true) throw new Error('nobody listens');
    this.#hearings += 1;
    const id = this.#hearings;
    return new Promise((resolve, reject) => {
      this.#hearing.set(id, { resolve, reject });
      const message: ToPlayer = { kind: 'hear', id, ...told };
      player.send(message, () => undefined);
    });
  }

  /** Another process opens what is left; the weather clears, and time passes until nothing waits. */
  async #surviveAndSettle(): Promise<void> {
    const world = this.#world;
    const bare = openSqlite({ path: this.#path });
    const store: typeof bare = Object.assign(Object.create(bare) as typeof bare, {
      engine: bare.engine,
      transact: <T>(name: string, work: Parameters<typeof bare.transact<T>>[1]) =>
        world.busy(bare.transact(name, work)),
      read: <T>(work: Parameters<typeof bare.read<T>>[0]) => world.busy(bare.read(work)),
    });
    this.#survivor = await bringToLife({
      store,
      world,
      configurations: this.#template.scenery.configurations,
      instance: 'survivor',
      complain: (words) => void this.#faults.push(`afterwards: ${words}`),
    });
    this.#sim?.kernel.board.merge({ reset: true });
    const { worker } = this.#survivor;
    worker.start();
    const beside = readBooks(this.#path, true);
    this.#beside = beside;
    const waits = (): string[] =>
      [...beside.all(unfinishedNow, 0, 'follow_payment'), ...beside.all(untold)].map((row) =>
        String(row['what']),
      );
    for (let restMs = 0; restMs < MOST_REST_MS && waits().length > 0; restMs += REST_STEP_MS)
      await world.doze(REST_STEP_MS);
    this.#faults.push(...waits().map((what) => `I-23: ${what}`), ...broken(this.#promises, beside));
    this.#faults.push(...(await this.#audit(beside, false)));
    await world.until(worker.stop());
    await bare.close();
  }

  #audit(books: Books, unseenAllowed: boolean): Promise<string[]> {
    const sim = this.#sim;
    if (sim === undefined) throw new Error('there is no bank');
    return audit(
      { store: books, ledger: () => sim.kernel.ledger.all(), calls: this.#calls, sim },
      { unseenAllowed, clocksLie: true },
    );
  }
}

const untold = `SELECT 'outbox ' || id || ' is ' || state AS what FROM outbox WHERE state <> 'delivered'`;

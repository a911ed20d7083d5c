// A whole clinic in one process that writes as fast as it can: the product over a database file, both
// channels in memory. It says on its standard output what it has promised, after the promise is true.
import { writeSync } from 'node:fs';
import { NetworkFault, systemWorld } from '#world';
import { Connection } from '../../src/store/sqlite-connection.ts';
import { lockDatabase } from '../../src/store/sqlite-lock.ts';
import { SqliteStore } from '../../src/store/sqlite.ts';
import { createAlipayGateway } from '../../simulator/alipay/index.ts';
import type { Gateway } from '../../simulator/kernel/contract.ts';
import { createKernel } from '../../simulator/kernel/kernel.ts';
import { createWechatGateway } from '../../simulator/wechat/index.ts';
import { openStream } from '../simulation/chance.ts';
import type { Configurations } from '../simulation/merchants.ts';
import { lowerCase } from '../simulation/road.ts';
import type { Merchants } from '../../simulator/merchant.ts';
import { noticeId } from '../support/notice-id.ts';
import { bringToLife } from './product.ts';
import { rest } from './real-time.ts';
import { shortStory } from './stories.ts';
import type { WriterSays } from './moments.ts';

/** What a writer is born with. It stops by itself after so many rounds; 0 goes on until it is killed. */
export interface WriterCue {
  path: string;
  seed: string;
  merchants: Merchants;
  configurations: Configurations;
  people: number;
  rounds: number;
  /** A setting that production has otherwise, such as `wal_autocheckpoint = 40`; empty for none. */
  pragma: string;
}

const cue = JSON.parse(process.argv[2] ?? '{}') as WriterCue;
const say = (message: WriterSays): void => void writeSync(1, `${JSON.stringify(message)}\n`);

const world = {
  ...systemWorld(() => false),
  async send(request: Parameters<ReturnType<typeof systemWorld>['send']>[0]) {
    const url = new URL(request.url);
    if (url.hostname.startsWith('192.168.')) return { status: 200, headers: {}, body: new Uint8Array() };
    const target = url.pathname + url.search;
    const answer = await gatewayOf((one) => one.serves(target)).handle({
      method: request.method,
      target,
      headers: { host: url.host, ...lowerCase(request.headers) },
      body: request.body ?? new Uint8Array(),
    });
    if (answer.kind !== 'answer') throw new NetworkFault('no_answer', 'ECONNRESET');
    return { status: answer.status, headers: lowerCase(answer.headers), body: answer.body };
  },
};
const writer = new Connection(cue.path, 'writes');
if (cue.pragma !== '') writer.all(`PRAGMA ${cue.pragma}`, []);
const store = new SqliteStore({
  path: cue.path,
  writer,
  reader: new Connection(cue.path, 'reads'),
  unlock: lockDatabase(cue.path),
  onFatal: (fault) => say({ stopped: fault.message }),
});
const product = await bringToLife({
  store,
  world,
  configurations: cue.configurations,
  instance: 'writer',
  complain: () => undefined,
});
const kernel = createKernel({
  chance: openStream(`bank ${cue.seed}`).bytes,
  async deliver(url, headers, body) {
    const method = url.endsWith('/alipay') ? 'alipay' : 'wechat';
    const answer = await product.hear({ method, headers: lowerCase(headers), body });
    const id = noticeId(method, body) ?? '';
    say({
      promised: {
        words: `the notification ${id} was acknowledged`,
        row: 'SELECT 1 FROM evidence WHERE notification_id = ?',
        values: [id],
      },
    });
    answer.apply().catch((error: unknown) => say({ refused: String(error) }));
    return answer;
  },
});
// Told before anybody else can know: the auditor outlives the channels' memory.
const add = kernel.ledger.add.bind(kernel.ledger);
kernel.ledger.add = (entry) => {
  say({ moved: entry });
  add(entry);
};
const gateways: readonly Gateway[] = [
  createAlipayGateway(kernel, cue.merchants.alipay),
  createWechatGateway(kernel, cue.merchants.wechat),
];

function gatewayOf(is: (gateway: Gateway) => boolean): Gateway {
  const found = gateways.find(is);
  if (found === undefined) throw new NetworkFault('not_sent', 'ENOTFOUND');
  return found;
}

async function person(index: number): Promise<void> {
  for (let round = 1; cue.rounds === 0 || round <= cue.rounds; round += 1) {
    await shortStory({
      parts: product.parts,
      method: index % 2 === 0 ? 'alipay' : 'wechat',
      name: `${cue.seed}-${index}-${round}`,
      promise: (promised) => say({ promised }),
      until: (work) => work,
      wait: rest,
      scan: async () => undefined,
      async pay(content) {
        gatewayOf((one) => one.knows(content)).pay(content, 'patient');
      },
      weather: async () => undefined,
    });
  }
}

say({ begun: true });
product.worker.start();
const ends = await Promise.allSettled(Array.from({ length: cue.people }, (_, index) => person(index)));
for (const end of ends) if (end.status === 'rejected') say({ refused: String(end.reason) });
if (cue.rounds > 0) {
  await product.worker.stop();
  kernel.clock.close();
  await store.close();
}
say({ ended: true });
process.exit(0);

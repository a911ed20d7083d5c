import { once } from 'node:events';
import { connect } from 'node:net';
import { paymentMethods } from '#channel';
import { isJsonObject, readJson } from '#json';
import { troubles } from '#trouble';
import { openStream } from '../simulation/chance.ts';
import { AlipayWords } from './alipay-words.ts';
import { openDoor, type Door } from './door.ts';
import type { Scene } from './scene.ts';
import { Tally } from './tally.ts';
import { WechatWords } from './wechat-words.ts';
import { wireOf, type Wire } from './wire.ts';

const BATCH = 250;
/** The server waits longer for what never comes; we do not. */
const PATIENCE_MS = 5_000;

export interface SocketWish {
  seed: string;
  /** Connections for each endpoint. */
  executions: number;
  goOn: (share: number) => boolean;
}

export interface SocketRun {
  executions: Tally;
  /** frame and status. */
  outcomes: Tally;
  violations: string[];
}

/** Speaks broken HTTP to the endpoints of notifications over real connections. */
export async function fuzzSockets(scene: Scene, wish: SocketWish): Promise<SocketRun> {
  const run: SocketRun = { executions: new Tally(), outcomes: new Tally(), violations: [] };
  const door = await openDoor(scene);
  const port = Number(new URL(await door.app.server.listen({ host: '127.0.0.1', port: 0 })).port);
  const stream = openStream(wish.seed);
  try {
    for (let done = 0; done < wish.executions; done += 1) {
      if (done % BATCH === 0) door.connection.become(scene.image);
      for (const endpoint of paymentMethods) {
        const words =
          endpoint === 'alipay' ? new AlipayWords(scene) : new WechatWords(scene, () => door.world.now());
        const told = words.draw(stream);
        const wire = wireOf(told, stream);
        door.connection.written.length = 0;
        const answer = await speak(port, wire);
        run.executions.count(endpoint);
        const wrong = judge(door, wire, answer);
        for (const status of statusesOf(answer)) run.outcomes.count(`${wire.how} ${status}`);
        if (wrong !== undefined) {
          const shown = JSON.stringify(Buffer.concat(wire.pieces).toString('latin1').slice(0, 2_500));
          run.violations.push(
            `${wish.seed} #${done} ${wire.how}: ${wrong}\n    ${shown}\n    ${answer.slice(0, 600)}`,
          );
          return run;
        }
      }
      if (stream.is(0.05)) await door.world.leap(stream.below(400_000));
      if (!wish.goOn((done + 1) / wish.executions)) break;
    }
  } finally {
    await door.close();
  }
  return run;
}

/** Writes the pieces, and reads until the server hangs up. */
async function speak(port: number, wire: Wire): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const heard: Buffer[] = [];
  socket.on('data', (bytes) => heard.push(bytes));
  socket.on('error', () => undefined); // the server may hang up while we still speak
  socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  const closed = once(socket, 'close').catch(() => undefined);
  for (const piece of wire.pieces) {
    if (socket.destroyed) break;
    socket.write(piece);
    if (wire.how === 'slow') await new Promise((resolve) => setImmediate(resolve));
  }
  if (wire.cut || !wire.whole) socket.end();
  await closed;
  return Buffer.concat(heard).toString();
}

function statusesOf(answer: string): string[] {
  const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status ?? '');
  return statuses.length === 0 ? ['hung up'] : statuses;
}

function judge(door: Door, wire: Wire, answer: string): string | undefined {
  const [complaint] = door.complaints.all.splice(0);
  if (complaint !== undefined) return complaint;
  const statuses = statusesOf(answer);
  const dialect = /"code":"FAIL"/.test(answer);
  if (statuses.some((status) => status.startsWith('5')) && !dialect) return 'a fault of ours';
  const accepted = statuses.includes('200') || statuses.includes('204');
  const money = door.connection.written.filter(({ table }) => table !== 'evidence');
  // Of a badly framed request the answer may be overtaken by the refusal of what follows it: it is told again.
  if (wire.whole && !accepted && money.length > 0 && statuses[0] !== 'hung up')
    return 'not acknowledged, and money moved';
  if (wire.whole && statuses[0] === 'hung up') return 'a whole request was not answered';
  if (statuses.some((status) => status.startsWith('4')) && !isRefusal(answer))
    return 'a refusal in no words of ours';
  return undefined;
}

/** Alipay's `failure`, or a problem of the table. */
function isRefusal(answer: string): boolean {
  const body = answer.slice(answer.lastIndexOf('\r\n\r\n') + 4);
  if (body === 'failure' || body === '') return true;
  const problem = readJson(body);
  const code = isJsonObject(problem) ? problem['code'] : undefined;
  return typeof code === 'string' && Object.hasOwn(troubles, code);
}

// A process that plays one story over the product and dies by its own hand (SIGKILL) at one point of it.
import type { Store } from '#store';
import { NetworkFault, type InboundAnswer } from '#world';
import { manualWorld } from '../manual-world.ts';
import { openPointed, type Point } from './pointed.ts';
import { bringToLife } from './product.ts';
import { stories, type Player } from './stories.ts';
import type { Cue, FromPlayer, ToPlayer } from './told.ts';

const STEP_MS = 500;
const cue = JSON.parse(process.argv[2] ?? '{}') as Cue;

let points = 0;
let statements = 0;
let told = '';
const point: Point = (kind, what) => {
  points += 1;
  if (kind === 'statement') statements += 1;
  told = what;
  // To oneself SIGKILL comes before kill(2) returns: nothing after this line is done.
  if (points === cue.dieAt) process.kill(process.pid, 'SIGKILL');
};

const waiting = new Map<number, (answer: InboundAnswer | undefined) => void>();
let asked = 0;
type Said<M> = M extends unknown ? Omit<M, 'nowMs' | 'id'> : never;

function say(message: Said<FromPlayer>, id = 0): void {
  process.send?.({ ...message, id, nowMs: world.now() });
}

function ask(message: Said<FromPlayer>): Promise<InboundAnswer | undefined> {
  asked += 1;
  const id = asked;
  return world.busy(
    new Promise((resolve) => {
      waiting.set(id, resolve);
      say(message, id);
    }),
  );
}

const world = manualWorld({
  startMs: cue.startMs,
  seed: cue.seed,
  async send(request) {
    point('await', 'before a request');
    const { mayConnect: _ours, ...plain } = request;
    const answer = await ask({ kind: 'send', request: plain });
    point('await', 'after a request');
    if (answer === undefined) throw new NetworkFault('no_answer', 'ECONNRESET');
    return answer;
  },
});

const bare = openPointed(cue.path, point);
const store: Store = {
  engine: bare.engine,
  transact: (name, work) => world.busy(bare.transact(name, work)),
  read: (work) => world.busy(bare.read(work)),
  close: () => bare.close(),
};
const { parts, worker, hear } = await bringToLife({
  store,
  world,
  configurations: cue.configurations,
  instance: 'player',
  complain: (words) => say({ kind: 'complain', words }),
});

process.on('message', (message: ToPlayer) => {
  if (message.kind === 'answer') {
    waiting.get(message.id)?.(message.answer);
    waiting.delete(message.id);
    return;
  }
  void world.busy(
    hear(message).then(({ status, body, apply }) => {
      say({ kind: 'heard', status, body }, message.id);
      return apply();
    }),
  );
});

const player: Player = {
  parts,
  method: cue.method,
  promise: (promised) => say({ kind: 'promise', promised }),
  until: (work) => world.until(work),
  async wait(ms) {
    for (let left = ms; left > 0; left -= STEP_MS) {
      await ask({ kind: 'tick' });
      await world.advance(Math.min(STEP_MS, left));
    }
  },
  scan: async (content) => void (await ask({ kind: 'scan', content })),
  pay: async (content, fen) => void (await ask({ kind: 'pay', content, ...(fen !== undefined && { fen }) })),
  weather: async (change) => void (await ask({ kind: 'weather', change })),
};

worker.start();
// The story alone is counted: a start is the same in each of them.
points = 0;
statements = 0;
const story = stories[cue.story];
if (story === undefined) throw new Error(`no story ${cue.story}`);
await story(player);
say({ kind: 'end', points, statements, told });
process.disconnect();
process.exit(0);

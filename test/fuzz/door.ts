import { openChannels, planChannels, readSettings } from '#config';
import type { InboundAnswer, OutboundRequest } from '#world';
import { assemble, type Application } from '../../src/app.ts';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { createSimulator } from '../../simulator/server.ts';
import { seededChance } from '../../simulator/kernel/chance.ts';
import { writeMerchantEnv } from '../../simulator/merchant.ts';
import { lowerCase } from '../simulation/road.ts';
import { manualWorld, type ManualWorld } from '../manual-world.ts';
import { Complaints } from './complaints.ts';
import type { Scene } from './scene.ts';
import { WatchedConnection } from './watched-connection.ts';

const GATEWAY = 'http://127.0.0.1:8090';

/**
 * The product behind its door, over a database that becomes the scene again as often as is wished. No
 * worker runs: whatever changes was changed by the request.
 */
export interface Door {
  app: Application;
  world: ManualWorld;
  connection: WatchedConnection;
  complaints: Complaints;
  close(): Promise<void>;
}

export async function openDoor(scene: Scene): Promise<Door> {
  const connection = new WatchedConnection();
  connection.become(scene.image);
  const complaints = new Complaints();
  const world = manualWorld({ startMs: scene.nowMs, seed: 'door', send: (request) => reach(request) });
  const sim = await createSimulator({
    clock: world,
    chance: seededChance('the channels of the door'),
    merchants: scene.merchants,
    deliver: () => Promise.reject(new Error('the door is told by the fuzzer alone')),
  });
  const reach = async (request: OutboundRequest): Promise<InboundAnswer> => {
    const url = new URL(request.url);
    const answer = await sim.handle({
      method: request.method,
      target: url.pathname + url.search,
      headers: { host: url.host, ...lowerCase(request.headers) },
      body: request.body ?? new Uint8Array(),
    });
    if (answer.kind === 'drop') throw new Error('the weather of the door is calm');
    return { status: answer.status, headers: lowerCase(answer.headers), body: answer.body };
  };
  const folder = mkdtempSync(join(tmpdir(), 'zhenfu-door-'));
  const env = parseEnv(readFileSync(writeMerchantEnv(scene.merchants, folder, GATEWAY), 'utf8'));
  const { settings } = readSettings({ ...env, PUBLIC_BASE_URL: 'http://127.0.0.1:8080' });
  const channels = openChannels(world, planChannels(settings, world.now()));
  rmSync(folder, { recursive: true });
  await channels.get('wechat')?.refreshKeys?.();
  const app = await assemble({
    settings,
    world,
    store: connection.store(),
    channels,
    gatewayWorld: 'simulated',
    phoneUrl: null,
    logger: complaints.logger,
  });
  await app.server.ready();
  connection.written.length = 0;
  complaints.listen();
  return {
    app,
    world,
    connection,
    complaints,
    async close() {
      complaints.stop();
      await app.stop();
      await sim.close();
    },
  };
}

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { createLoginToken } from '#access';
import type { GatewayWorld } from '#channel';
import { seedClinic } from '#clinic/seed';
import {
  allowedOrigins,
  hasMerchantKeys,
  openChannels,
  planChannels,
  planWebhook,
  publicAddress,
  readSettings,
  type SettingFault,
  type Settings,
} from '#config';
import { openStore, type Store } from '#store';
import { followedWorld, systemWorld, type World } from '#world';
import { assemble, makeFolder, makeLogger, type Application } from './app.ts';
import { answerCommands } from './cli/socket.ts';
import { startSimulators, type Simulators } from './simulators.ts';

/** Settings or the database forbid a start; every fault with its fix. */
export class CannotStart extends Error {
  readonly faults: readonly SettingFault[];
  constructor(faults: readonly SettingFault[]) {
    super(faults.map(({ field, problem, fix }) => `  ${field}\n    ${problem}\n    → ${fix}`).join('\n'));
    this.name = 'CannotStart';
    this.faults = faults;
  }
}

/** From a fault of the disk to the end of the process: enough for every answer to leave. */
const FAREWELL_MS = 250;

export interface Service {
  app: Application;
  address: string;
  /** Spent by the first who opens it. */
  loginUrl: string;
  phoneUrl: string | null;
  warnings: readonly SettingFault[];
  gatewayWorld: GatewayWorld;
  stop(): Promise<void>;
}

/**
 * Brings the service up from an environment: with merchant keys against their gateways; with none, on
 * the embedded default with both channels' simulators beside it, seeded and ready to pay.
 */
export async function serve(env: Record<string, string | undefined>): Promise<Service> {
  const first = settingsOf(env);
  makeFolder(first.DATA_DIR);
  const own = hasMerchantKeys(first);
  const simulators = own ? undefined : await startSimulators(first);
  try {
    return await bringUp(
      simulators === undefined ? first : settingsOf({ ...env, ...simulators.merchant }),
      simulators,
      own,
    );
  } catch (error) {
    await simulators?.stop();
    throw error;
  }
}

async function bringUp(
  settings: Settings,
  simulators: Simulators | undefined,
  own: boolean,
): Promise<Service> {
  const plan = planChannels(settings, systemWorld(() => false).now());
  const faults = [...plan.faults, ...planWebhook(settings).faults];
  if (faults.length > 0) throw new CannotStart(faults);
  const gatewayWorld = plan.gatewayWorld ?? 'simulated';
  const world = worldOf(settings, gatewayWorld);
  const store = await openDatabase(settings, world, gatewayWorld);
  const phoneUrl = simulators === undefined ? null : `${simulators.url}/phone`;
  const app = await assemble({
    settings,
    world,
    store,
    channels: openChannels(world, plan),
    gatewayWorld,
    phoneUrl,
    logger: makeLogger(settings),
  });
  if (!own) await seedClinic(app.parts);
  const address = await app.listen(settings.HOST, settings.PORT);
  const socket = await answerCommands(settings, app.parts);
  const token = await createLoginToken(app.parts);
  return {
    app,
    address,
    loginUrl: `${pagesAddress(settings, address)}/login#token=${token}`,
    phoneUrl,
    warnings: plan.warnings,
    gatewayWorld,
    async stop() {
      await socket.close();
      await app.stop();
      if ('stop' in world) world.stop();
      await simulators?.stop();
    },
  };
}

/**
 * Where people open the pages: the public address when it is set, as the command line says too. On
 * https the login cookie is for https alone, and the address that we listen at would not keep it.
 */
export function pagesAddress(settings: Settings, listening: string): string {
  return settings.PUBLIC_BASE_URL === undefined ? listening : publicAddress(settings);
}

/**
 * Reads the settings, or tells all that is wrong with them, the channels' included. A `.env` beside the
 * program stands behind the environment.
 */
export function settingsOf(env: Record<string, string | undefined>): Settings {
  const { settings, faults } = readSettings({ ...dotEnv(), ...env });
  if (faults.length === 0) return { ...settings, DATA_DIR: resolve(settings.DATA_DIR) };
  const channels = hasMerchantKeys(settings)
    ? planChannels(settings, systemWorld(() => false).now()).faults
    : [];
  throw new CannotStart([...faults, ...channels]);
}

function dotEnv(): Record<string, string | undefined> {
  try {
    return parseEnv(readFileSync('.env', 'utf8'));
  } catch {
    return {};
  }
}

/** In the simulated world the product follows the simulators' clock; elsewhere the machine's. */
function worldOf(settings: Settings, gatewayWorld: GatewayWorld): World & { stop?: () => void } {
  const allowed = allowedOrigins(settings);
  if (gatewayWorld !== 'simulated') return systemWorld(allowed);
  const gateway =
    settings.ALIPAY_APP_ID === undefined ? settings.WECHAT_GATEWAY_URL : settings.ALIPAY_GATEWAY_URL;
  return followedWorld(new URL('/_sim/clock', gateway).href, allowed);
}

/** The world of a database is the world of the gateways that are configured; with none, the simulators'. */
export function openDatabase(settings: Settings, world: World, kind: GatewayWorld): Promise<Store> {
  return openStore({
    databaseUrl: settings.DATABASE_URL,
    dataDir: settings.DATA_DIR,
    kind,
    world,
    warn: (text) => process.stderr.write(`! ${text}\n`),
    // Fail-stop: a disk that lost one write is trusted with no other; a supervisor starts us again. Whoever
    // waits for an answer hears 503 first: the store refuses everything by now.
    onFatal: (fault) => {
      process.stderr.write(`${fault.message}\n`);
      world.after(FAREWELL_MS, () => process.exit(74));
    },
  });
}

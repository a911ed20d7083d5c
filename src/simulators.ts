import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Settings } from '#config';
import { pause, systemWorld } from '#world';

export interface Simulators {
  url: string;
  /** The merchant that the simulators made: names of design.md section 9, for this process. */
  merchant: Record<string, string | undefined>;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 20_000;

/**
 * Starts both channels' simulators as a process of their own, on loopback, and reads the merchant that
 * they made on their first start. The product meets them only over HTTP.
 */
export async function startSimulators(settings: Settings): Promise<Simulators> {
  const url = `http://127.0.0.1:${settings.SIMULATOR_PORT}`;
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', 'simulator', 'main.ts')], {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      DATA_DIR: settings.DATA_DIR,
      SIMULATOR_PORT: String(settings.SIMULATOR_PORT),
      HOST: '127.0.0.1',
      ...(settings.ZHENFU_SIM_TOKEN === undefined ? {} : { ZHENFU_SIM_TOKEN: settings.ZHENFU_SIM_TOKEN }),
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  // When the service dies, however it dies, no pretend bank stays behind.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  await ready(url, child);
  const merchant = parseEnv(readFileSync(join(settings.DATA_DIR, 'simulator', 'merchant.env'), 'utf8'));
  return {
    url,
    merchant,
    async stop() {
      process.off('exit', kill);
      if (child.exitCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
    },
  };
}

async function ready(url: string, child: ChildProcess): Promise<void> {
  const world = systemWorld((asked) => asked.origin === url);
  const deadline = world.now() + READY_WITHIN_MS;
  let reason = 'no answer';
  while (world.now() < deadline) {
    if (child.exitCode !== null)
      throw new Error(`the simulators ended with code ${child.exitCode} before they were ready`);
    try {
      const answer = await world.send({
        method: 'GET',
        url: `${url}/_sim/clock`,
        headers: {},
        timeoutMs: 1_000,
      });
      if (answer.status === 200) return;
      reason = `status ${answer.status}`;
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    await pause(world, 50);
  }
  child.kill('SIGKILL');
  throw new Error(`the simulators were not ready in time: ${reason}`);
}

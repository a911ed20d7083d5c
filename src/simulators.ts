import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { parseEnv } from 'node:util';
import type { Settings } from '#config';
import { systemWorld } from '#world';

export interface Simulators {
  url: string;
  /** The merchant that the simulators made: names of design.md section 9, for this process. */
  merchant: Record<string, string | undefined>;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 20_000;

/**
 * Starts both channels' simulators as a process of their own, on loopback, and reads the merchant that
 * they made on their first start. The product meets them only over HTTP. The pipe to their standard
 * input is what they live by: when the service dies, however it dies, they end too.
 */
export async function startSimulators(settings: Settings): Promise<Simulators> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', 'simulator', 'main.ts')], {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      DATA_DIR: settings.DATA_DIR,
      SIMULATOR_PORT: String(settings.SIMULATOR_PORT),
      HOST: '127.0.0.1',
      ZHENFU_SIM_ATTACHED: 'true',
      ...(settings.ZHENFU_SIM_TOKEN === undefined ? {} : { ZHENFU_SIM_TOKEN: settings.ZHENFU_SIM_TOKEN }),
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { url, merchant_env: merchantEnv } = await ready(child);
  return {
    url,
    merchant: parseEnv(readFileSync(merchantEnv, 'utf8')),
    async stop() {
      if (child.exitCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.stdin.end();
      await gone;
    },
  };
}

interface ReadyLine {
  url: string;
  merchant_env: string;
}

/** Waits for the child's own word: whoever else answers on that port is not ours. */
function ready(child: ChildProcessByStdio<Writable, Readable, null>): Promise<ReadyLine> {
  return new Promise((resolve, reject) => {
    const cancel = systemWorld(() => false).after(READY_WITHIN_MS, () => {
      child.kill('SIGKILL');
      reject(new Error('the simulators were not ready in time'));
    });
    child.once('exit', (code) => {
      cancel();
      reject(new Error(`模拟网关未能启动 · the simulators ended with code ${code} before they were ready`));
    });
    createInterface({ input: child.stdout }).once('line', (line) => {
      cancel();
      resolve(JSON.parse(line) as ReadyLine);
    });
  });
}

import type { Channel, PaymentMethod } from '#channel';
import { ensureClinic } from '#clinic';
import { Hub, receiveNotification } from '#session';
import type { Store } from '#store';
import { Worker } from '#worker';
import type { World } from '#world';
import type { Parts } from '../simulation/ground.ts';
import { HIS_SECRET, HIS_URL } from '../simulation/his.ts';
import { openBothChannels, type Configurations } from '../simulation/merchants.ts';

/** The product without its HTTP face: the operations, the worker and the door for notifications. */
export interface Product {
  parts: Parts;
  worker: Worker;
  /** The channel hears our answer first; what was told is believed a moment later. */
  hear(told: {
    method: PaymentMethod;
    headers: Record<string, string>;
    body: Uint8Array;
  }): Promise<{ status: number; body: Uint8Array; apply: () => Promise<void> }>;
}

export async function bringToLife(given: {
  store: Store;
  world: World;
  configurations: Configurations;
  instance: string;
  complain: (words: string) => void;
}): Promise<Product> {
  const { store, world, configurations, instance, complain } = given;
  const clinic = await ensureClinic(store, { name: '仿真诊所', shortName: '仿真诊所' }, world.now());
  const channels: Map<PaymentMethod, Channel> = openBothChannels(world, configurations);
  const parts: Parts = {
    world,
    store,
    channels,
    hub: new Hub(),
    clinic,
    publicBaseUrl: 'http://127.0.0.1:8080',
    instance,
    log: {
      info: () => undefined,
      warn: () => undefined,
      error: (event, fields) => complain(`${event}: ${String(fields?.['detail'])}`),
    },
    refundLimitFen: 50_000,
    webhook: { url: HIS_URL, secrets: [HIS_SECRET], mayConnect: () => true },
  };
  return {
    parts,
    worker: new Worker(parts),
    async hear({ method, headers, body }) {
      const received = await receiveNotification(parts, method, { headers, body });
      if (received === 'not_configured') throw new Error('not configured');
      const { answer, apply } = received;
      return {
        status: answer.status,
        body: Buffer.from(answer.body),
        apply: apply ?? (() => Promise.resolve()),
      };
    },
  };
}

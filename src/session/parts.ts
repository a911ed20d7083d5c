import type { Channel, PaymentMethod } from '#channel';
import type { Log } from '#log';
import type { Store } from '#store';
import type { World } from '#world';
import type { Hub } from './hub.ts';

/** What the operations of this part are given; they ask nobody else. */
export interface Parts {
  world: World;
  store: Store;
  /** The channels that are configured; a method that is off is absent. */
  channels: ReadonlyMap<PaymentMethod, Channel>;
  hub: Hub;
  clinic: { id: number; name: string; shortName: string };
  /** `https://pay.clinic.example`: where the channels find our notification addresses. */
  publicBaseUrl: string;
  /** Names this process in leases; random, new at each start. */
  instance: string;
  log: Log;
}

import type { Channel, PaymentMethod } from '#channel';
import type { Log } from '#log';
import type { Store } from '#store';
import type { World } from '#world';

/** What the operations of this part are given. */
export interface Parts {
  world: World;
  store: Store;
  channels: ReadonlyMap<PaymentMethod, Channel>;
  clinic: { id: number };
  publicBaseUrl: string;
  instance: string;
  log: Log;
  /** A refund above this needs a second person; surplus never does. Fen. */
  refundLimitFen: number;
}

import type { Log } from '#log';
import type { Store } from '#store';
import type { World } from '#world';
import type { WebhookTarget } from './target.ts';

/** What the operations of this part are given. */
export interface Parts {
  world: World;
  store: Store;
  clinic: { id: number };
  instance: string;
  log: Log;
}

/** The same where somebody is configured to hear. */
export interface CourierParts extends Parts {
  webhook: WebhookTarget;
}

import type { Channel } from '#channel';
import { leaseRow, LeaseLost, type Lane, type Lease } from '#job';
import { keepAnswer } from '#inbox';
import { deliverWebhooks, planDeliveries, type WebhookTarget } from '#outbox';
import { followRefund } from '#refund';
import { applyEvidence, followPayment, type Parts as SessionParts } from '#session';
import { followStatement, planStatements } from '#statement';
import { evidenceToApply } from '#sql/evidence';
import { pruneIdempotencyKeys } from '#sql/idempotency';
import { dueJobs, type JobRow } from '#sql/jobs';
import type { Cancel } from '#world';

export interface WorkerParts extends SessionParts {
  refundLimitFen: number;
  /** The clinic's own system, where one is configured. */
  webhook?: WebhookTarget | undefined;
}

/** How often to look for due work when nothing is known to be due. */
const LOOK_EVERY_MS = 250;
/** Steps under way for one lane: a channel that hangs holds up its own payments and nobody else's. */
const AT_ONCE: Record<Lane, number> = { alipay: 64, wechat: 64, webhook: 8 };
/**
 * Steps begun a second for one merchant account, at most (I-31). 6,000 open sessions are all asked about
 * within 30 s of a restart (design.md section 10) with 100 a second on each channel.
 */
const BUDGET_A_SECOND = 120;
/** Evidence that its receiver did not apply within this time was left by a crash. */
const LEFT_BEHIND_MS = 2_000;
const SWEEP_EVERY_MS = 2_000;
const PLAN_EVERY_MS = 600_000;
const PRUNE_EVERY_MS = 3_600_000;
/** I-17 says thirty days at least. */
const KEEP_ANSWERS_MS = 31 * 86_400_000;
const KEYS_EVERY_MS = 3_600_000;
const KEYS_AGAIN_MS = 60_000;

/**
 * What happens without a request: payments are followed to their end, evidence that a crash left is
 * applied, keys are kept fresh. Any number of instances may run it over one database.
 */
export class Worker {
  readonly #parts: WorkerParts;
  readonly #running = new Set<Promise<void>>();
  readonly #timers = new Set<Cancel>();
  #stopped = false;
  #looking = false;
  readonly #lanes = new Map<Lane, { underWay: number; budget: number; refilledAt: number }>();

  constructor(parts: WorkerParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#repeat(LOOK_EVERY_MS, () => this.look());
    this.#repeat(LOOK_EVERY_MS, () => this.deliver());
    this.#repeat(SWEEP_EVERY_MS, () => this.sweep());
    this.#repeat(PLAN_EVERY_MS, () => planStatements(this.#parts));
    this.#repeat(PRUNE_EVERY_MS, () => this.prune());
    for (const channel of this.#parts.channels.values()) {
      if (channel.refreshKeys === undefined) continue;
      this.#repeat(KEYS_EVERY_MS, () => this.#refreshKeys(channel), KEYS_AGAIN_MS);
      this.#track(this.#refreshKeys(channel));
    }
  }

  /** Stops taking work and waits for what is under way; what is not finished keeps its lease and is taken over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const cancel of this.#timers) cancel();
    await Promise.allSettled(this.#running);
  }

  /** Takes what is due and follows it, each in its own time and its own lane. */
  async look(): Promise<void> {
    if (this.#looking || this.#stopped) return;
    this.#looking = true;
    try {
      for (const method of this.#parts.channels.keys()) await this.#take(method);
    } finally {
      this.#looking = false;
    }
  }

  /** Tells the clinic's own system what happened: each bill in its order, by one of us at a time. */
  async deliver(): Promise<void> {
    if (this.#parts.webhook === undefined || this.#stopped) return;
    await planDeliveries(this.#parts);
    await this.#take('webhook');
  }

  async #take(lane: Lane): Promise<void> {
    const now = this.#parts.world.now();
    const state = this.#lanes.get(lane) ?? { underWay: 0, budget: BUDGET_A_SECOND, refilledAt: now };
    this.#lanes.set(lane, state);
    const refill = (Math.max(0, now - state.refilledAt) * BUDGET_A_SECOND) / 1000;
    state.budget = Math.min(BUDGET_A_SECOND, state.budget + refill);
    state.refilledAt = now;
    const free = Math.min(AT_ONCE[lane] - state.underWay, Math.floor(state.budget));
    if (free <= 0) return;
    for (const lease of await this.#claim(lane, free)) {
      state.underWay += 1;
      state.budget -= 1;
      const end = (): void => void (state.underWay -= 1);
      this.#track(this.#follow(lease).finally(end));
    }
  }

  /** Applies the evidence that was acknowledged and then left by a crash. */
  async sweep(): Promise<void> {
    const { store, world } = this.#parts;
    const left = await store.read((tx) =>
      tx.all<{ id: number }>(evidenceToApply, world.now() - LEFT_BEHIND_MS),
    );
    for (const { id } of left)
      await applyEvidence(this.#parts, id).catch((error: unknown) => this.#tell(error));
  }

  /** Forgets the answers of requests that nobody repeats any more. */
  async prune(): Promise<void> {
    const { store, world } = this.#parts;
    await store.transact('prune-idempotency-keys', async (tx) => {
      await tx.run(pruneIdempotencyKeys, world.now() - KEEP_ANSWERS_MS);
    });
  }

  async #claim(lane: Lane, most: number): Promise<Lease[]> {
    const { store, world } = this.#parts;
    const now = world.now();
    const due = await store.read((tx) => tx.all<JobRow>(dueJobs, lane, now, now));
    if (due.length === 0) return [];
    return store.transact('claim-jobs', async (tx) => {
      const leases: Lease[] = [];
      for (const job of due.slice(0, most)) {
        const lease = await leaseRow(tx, this.#parts, job);
        if (lease !== undefined) leases.push(lease);
      }
      return leases;
    });
  }

  async #refreshKeys(channel: Channel): Promise<void> {
    const outcome = await channel.refreshKeys?.();
    if (outcome === undefined || outcome.outcome === 'done') return;
    const { code, detail } = outcome.fault;
    this.#parts.log.warn('keys-not-refreshed', { payment_method: channel.method, code, detail });
  }

  async #follow(lease: Lease): Promise<void> {
    const { webhook } = this.#parts;
    if (lease.kind === 'follow_payment') return followPayment(this.#parts, lease);
    if (lease.kind === 'fetch_statement') return followStatement(this.#parts, lease);
    if (lease.kind === 'deliver_webhooks')
      return webhook && deliverWebhooks({ ...this.#parts, webhook }, lease);
    return followRefund(this.#parts, lease, async (report) => {
      const kept = await keepAnswer(this.#parts, report);
      await applyEvidence(this.#parts, kept.evidenceId);
    });
  }

  #repeat(everyMs: number, act: () => Promise<void>, againMs = everyMs): void {
    const arm = (delayMs: number): void => {
      if (this.#stopped) return;
      const cancel = this.#parts.world.after(delayMs, () => {
        this.#timers.delete(cancel);
        this.#track(
          act().then(
            () => arm(everyMs),
            (error: unknown) => {
              this.#tell(error);
              arm(againMs);
            },
          ),
        );
      });
      this.#timers.add(cancel);
    };
    arm(everyMs);
  }

  /** A step that fails leaves its lease to run out: it is taken over, and asks first. */
  #track(act: Promise<void>): void {
    const tracked = act
      .catch((error: unknown) => this.#tell(error))
      .finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  #tell(error: unknown): void {
    if (error instanceof LeaseLost) this.#parts.log.warn('lease-lost', { detail: error.message });
    else this.#parts.log.error('worker', { detail: error instanceof Error ? error.message : String(error) });
  }
}

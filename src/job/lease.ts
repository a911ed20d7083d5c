import { Conflict, UniqueViolation, type Store, type Tx } from '#store';
import {
  addJob as addRow,
  hastenJob,
  holdsLease,
  insertJob,
  jobOf,
  leaseJob,
  releaseJob,
  renewLease as renewRow,
  wakeJob as wakeRow,
  type JobRow,
} from '#sql/jobs';
import type { Cancel, World } from '#world';

/**
 * How long a holder may go without renewing. Longer than the longest single call about one order (20 s: two
 * hosts of 10 s), so that a live holder is never overtaken (a statement's file takes longer: `whileKept`); short enough that a dead one is replaced
 * within a patient's patience.
 */
export const LEASE_MS = 30_000;
const RENEW_BELOW_MS = 25_000;
const RENEW_EVERY_MS = 10_000;

export type JobKind = 'follow_payment' | 'follow_refund' | 'deliver_webhooks' | 'fetch_statement';

/** Whom a job talks to. */
export type Lane = 'alipay' | 'wechat' | 'webhook';

/** What a job is for; one job for a kind and subject, for life. */
export interface Work {
  clinicId: number;
  kind: JobKind;
  lane: Lane;
  subjectId: number;
}

/** Proof that this process may act on a subject: every write under it names the fence. */
export interface Lease {
  jobId: number;
  kind: JobKind;
  subjectId: number;
  fence: number;
  untilMs: number;
  /** How often the job was taken since it last did something useful: drives the back-off. */
  attempts: number;
}

/** The holder was overtaken (paused too long): its transaction is rolled back and it must stop. */
export class LeaseLost extends Error {
  constructor(lease: Lease) {
    super(`lease lost: ${lease.kind} ${lease.subjectId}, fence ${lease.fence}`);
    this.name = 'LeaseLost';
  }
}

interface Given {
  world: World;
  store: Store;
  instance: string;
}

/** The fence of a job that was born leased: any other means that somebody took it over since. */
export const FIRST_FENCE = 1;

/** Writes a job down, already leased to this process: call it in the transaction that makes its subject. */
export async function bornLeased(tx: Tx, given: Given, work: Work, atMs: number): Promise<Lease> {
  const { clinicId, kind, lane, subjectId } = work;
  const untilMs = atMs + LEASE_MS;
  const { id } = await tx.run(
    insertJob,
    clinicId,
    kind,
    lane,
    subjectId,
    atMs,
    given.instance,
    untilMs,
    atMs,
    atMs,
  );
  return { jobId: id, kind, subjectId, fence: FIRST_FENCE, untilMs, attempts: 0 };
}

/** Writes a job down for whoever is free. Call it in the transaction that makes its subject. */
export async function addJob(tx: Tx, work: Work, dueAtMs: number, atMs: number): Promise<void> {
  const { clinicId, kind, lane, subjectId } = work;
  await tx.run(addRow, clinicId, kind, lane, subjectId, dueAtMs, atMs, atMs);
}

/**
 * There is work for a subject, whose job may be there already: done, waiting for its time, or held.
 * Locks the job's row until the transaction ends.
 */
export async function wakeJob(tx: Tx, work: Work, dueAtMs: number, atMs: number): Promise<void> {
  const { rows } = await tx.run(wakeRow, dueAtMs, atMs, work.kind, work.subjectId);
  if (rows > 0) return;
  try {
    await addJob(tx, work, dueAtMs, atMs);
  } catch (error) {
    if (error instanceof UniqueViolation) throw new Conflict(`job ${work.kind} ${work.subjectId}`);
    throw error;
  }
}

/** Takes the lease of a subject's job. undefined: somebody holds it. 'done': there is nothing left to do. */
export async function takeLease(
  given: Given,
  kind: JobKind,
  subjectId: number,
): Promise<Lease | 'done' | undefined> {
  return given.store.transact('take-lease', async (tx) => {
    const job = await tx.one<JobRow>(jobOf, kind, subjectId);
    if (job === undefined || job.state === 'done') return 'done';
    return leaseRow(tx, given, job);
  });
}

/** Takes the lease of a job that was found due; undefined when another was faster. */
export async function leaseRow(tx: Tx, given: Given, job: JobRow): Promise<Lease | undefined> {
  const now = given.world.now();
  const untilMs = now + LEASE_MS;
  const { rows } = await tx.run(leaseJob, given.instance, untilMs, now, job.id, job.fence, now);
  if (rows === 0) return undefined;
  return {
    jobId: job.id,
    kind: job.kind as JobKind,
    subjectId: job.subject_id,
    fence: job.fence + 1,
    untilMs,
    attempts: job.attempts,
  };
}

/** Before a call that may take long: makes sure that the lease outlives it. */
export async function keepLease(given: Given, lease: Lease): Promise<void> {
  const now = given.world.now();
  if (lease.untilMs - now > RENEW_BELOW_MS) return;
  const untilMs = now + LEASE_MS;
  await given.store.transact('keep-lease', async (tx) => {
    const { rows } = await tx.run(renewRow, untilMs, lease.jobId, lease.fence, now);
    if (rows === 0) throw new LeaseLost(lease);
  });
  lease.untilMs = untilMs;
}

/** Renews the lease every ten seconds while something long goes on that is not one order's call. */
export async function whileKept<T>(given: Given, lease: Lease, work: Promise<T>): Promise<T> {
  let cancel: Cancel = () => undefined;
  const renew = (): void => {
    cancel = given.world.after(RENEW_EVERY_MS, () => {
      // A lease that was lost is found out by the next transaction under it.
      keepLease(given, lease).then(renew, () => undefined);
    });
  };
  renew();
  try {
    return await work;
  } finally {
    cancel();
  }
}

/** A transaction that only the holder of the lease may commit (I-28). */
export function underLease<T>(
  given: Given,
  lease: Lease,
  name: string,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return given.store.transact(name, async (tx) => {
    const result = await work(tx);
    const { rows } = await tx.run(holdsLease, given.world.now(), lease.jobId, lease.fence);
    if (rows === 0) throw new LeaseLost(lease);
    return result;
  });
}

/** Gives the lease back in the caller's transaction, saying when to look again. */
export async function release(
  tx: Tx,
  lease: Lease,
  next: { dueAtMs: number; attempts: number } | 'done',
  nowMs: number,
): Promise<void> {
  const [dueAtMs, attempts, state] =
    next === 'done' ? [nowMs, 0, 'done'] : [next.dueAtMs, next.attempts, 'waiting'];
  const { rows } = await tx.run(releaseJob, dueAtMs, attempts, state, nowMs, lease.jobId, lease.fence);
  if (rows === 0) throw new LeaseLost(lease);
}

/** Somebody watches, or asks: do it sooner, never later. */
export async function hasten(
  tx: Tx,
  kind: JobKind,
  subjectId: number,
  dueAtMs: number,
  nowMs: number,
): Promise<void> {
  await tx.run(hastenJob, dueAtMs, nowMs, kind, subjectId, dueAtMs);
}

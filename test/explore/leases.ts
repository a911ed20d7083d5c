import { insertJob, leaseJob, renewLease } from '#sql/jobs';
import type { Statement, Value } from '#store';
import type { StoredJob } from './memory/tables.ts';

export interface HeldLease {
  readonly jobId: number;
  readonly fence: number;
  readonly untilMs: number;
}

/** Which job a statement leased, by what it was given and what it answered; undefined when it did not. */
type Leased = (values: readonly Value[], done: { rows: number; id: number }) => Value | undefined;

const leasing: ReadonlyMap<Statement, Leased> = new Map<Statement, Leased>([
  [insertJob, (_values, { id }) => id],
  [leaseJob, (values, { rows }) => (rows === 1 ? values[3] : undefined)],
  [renewLease, (values, { rows }) => (rows === 1 ? values[1] : undefined)],
]);

/** Notes the lease that a statement gave to an errand. */
export function noteLease(
  leases: HeldLease[],
  statement: Statement,
  values: readonly Value[],
  done: { rows: number; id: number },
  jobs: readonly StoredJob[],
): void {
  const jobId = leasing.get(statement)?.(values, done);
  const job = jobs.find(({ id }) => id === jobId);
  if (job === undefined) return;
  const at = leases.findIndex((lease) => lease.jobId === job.id);
  const held = { jobId: job.id, fence: job.fence, untilMs: job.lease_until };
  leases.splice(at === -1 ? leases.length : at, at === -1 ? 0 : 1, held);
}

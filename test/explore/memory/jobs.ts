import * as jobs from '#sql/jobs';
import { as, insert, n, pick, query, update } from './teach.ts';

insert(jobs.insertJob);
insert(jobs.addJob);
const job = pick('id kind subject_id due_at lease_until fence attempts state');
query(jobs.jobOf, (t, v) => t.jobs.filter((one) => one.kind === v[0] && one.subject_id === v[1]).map(job));
query(jobs.dueJobs, (t, v) =>
  t.jobs
    .filter(
      (one) =>
        one.lane === v[0] && one.state === 'waiting' && one.due_at <= n(v[1]) && one.lease_until <= n(v[2]),
    )
    .toSorted((one, other) => (one.due_at === other.due_at ? one.id - other.id : one.due_at - other.due_at))
    .slice(0, jobs.DUE_AT_ONCE)
    .map(job),
);
update(
  jobs.leaseJob,
  'jobs',
  (row, v) => row.id === v[3] && row.fence === v[4] && row.state === 'waiting' && row.lease_until <= n(v[5]),
  (row, v) => ({
    lease_owner: as<string>(v[0]),
    lease_until: as<number>(v[1]),
    fence: row.fence + 1,
    attempts: row.attempts + 1,
    updated_at: as<number>(v[2]),
  }),
);
update(
  jobs.releaseJob,
  'jobs',
  (row, v) => row.id === v[4] && row.fence === v[5],
  (row, v) => ({
    lease_owner: null,
    lease_until: 0,
    due_at: as<number>(v[0]),
    attempts: as<number>(v[1]),
    state: as<typeof row.state>(v[2]),
    updated_at: as<number>(v[3]),
  }),
);
update(
  jobs.holdsLease,
  'jobs',
  (row, v) => row.id === v[1] && row.fence === v[2],
  (_row, v) => ({ updated_at: as<number>(v[0]) }),
);
update(
  jobs.hastenJob,
  'jobs',
  (row, v) => row.kind === v[2] && row.subject_id === v[3] && row.state === 'waiting' && row.due_at > n(v[4]),
  (_row, v) => ({ due_at: as<number>(v[0]), attempts: 0, updated_at: as<number>(v[1]) }),
);
update(
  jobs.wakeJob,
  'jobs',
  (row, v) => row.kind === v[2] && row.subject_id === v[3],
  (row, v) => ({
    due_at: row.state === 'done' ? as<number>(v[0]) : row.due_at,
    updated_at: as<number>(v[1]),
    state: 'waiting' as const,
  }),
);
update(
  jobs.renewLease,
  'jobs',
  (row, v) => row.id === v[1] && row.fence === v[2] && row.lease_until >= n(v[3]),
  (_row, v) => ({ lease_until: as<number>(v[0]) }),
);

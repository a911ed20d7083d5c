export {
  addJob,
  bornLeased,
  hasten,
  keepLease,
  LEASE_MS,
  leaseRow,
  LeaseLost,
  release,
  takeLease,
  underLease,
  type JobKind,
  type Lease,
} from './lease.ts';

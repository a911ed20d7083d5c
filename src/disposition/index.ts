export { closeSuspense, holdSuspense, listSuspense, postToBill, refundSuspense, type Act } from './acts.ts';
export type { SuspenseRow } from '#sql/suspense';

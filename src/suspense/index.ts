export { openSuspense, type SuspenseReason } from './open-suspense.ts';

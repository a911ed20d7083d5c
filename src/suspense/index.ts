export { suspenseReply } from './reply.ts';
export { openSuspense, type SuspenseReason } from './open-suspense.ts';

export { followedWorld } from './followed-clock.ts';
export { ownAddresses, sendPinned, type PinnedAddress } from './pinned.ts';
export { systemWorld } from './system.ts';
export {
  jitter,
  NetworkFault,
  pause,
  randomBelow,
  type Cancel,
  type InboundAnswer,
  type NetworkTrouble,
  type OutboundRequest,
  type World,
} from './world.ts';
export { alphanumeric, base64url, digits, uuid } from './ids.ts';
export { beijing, beijingDay, endOfBeijingDay, parseBeijing, rfc3339, rfc3339Beijing } from './calendar.ts';

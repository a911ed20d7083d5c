/** Words for people: Chinese first, English second. */
export interface Words {
  zh: string;
  en: string;
}

/**
 * One thing wrong with a channel's settings. A check names all of them at once, each with its fix, so
 * that nobody repairs a configuration one start at a time.
 */
export interface ConfigurationFault {
  /** The setting by the name an operator types: `WECHAT_API_KEY`. */
  field: string;
  /** `fault`: the channel must not start. `warning`: it works, and somebody should act soon. */
  severity: 'fault' | 'warning';
  problem: Words;
  fix: Words;
}

/** Which world a gateway belongs to; a database keeps books of one world only. */
export type GatewayWorld = 'live' | 'sandbox' | 'simulated';

/** True for a `URL.hostname` of this machine: the only place where simulators, plain http and short keys are at home. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
  );
}

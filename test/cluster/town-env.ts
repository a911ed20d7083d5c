/** What the town is told when it is built. */
export interface TownEnv {
  seed: string;
  /** Where the merchant's keys are written. */
  folder: string;
  /** Straight to the server, past every cut line. */
  databaseUrl: string;
  instances: readonly string[];
  /** Share of notifications that reach both instances at once. */
  twinShare: number;
  /** Share of acknowledgements that the channel never hears. */
  deafShare: number;
}

export function townEnv(env: Record<string, string | undefined>): TownEnv {
  return JSON.parse(env['TOWN'] ?? '{}') as TownEnv;
}

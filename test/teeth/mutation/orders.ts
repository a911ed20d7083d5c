/** What the bench is asked to do. */
export type Wanted =
  | { what: 'load'; files: readonly string[]; tests: readonly string[]; days: number }
  | { what: 'survey'; tests: readonly string[] }
  | { what: 'try'; id: number; tests: readonly { name: string; ms: number }[] };

/** What the bench tells of itself. */
export type Told =
  /** Alive, and quiet for no longer than this. */
  | { what: 'at'; patienceMs: number }
  | { what: 'idle' }
  | { what: 'surveyed'; file: string; name: string; good: boolean; ms: number; meets: number[] }
  | { what: 'tried'; id: number; killedBy: string | undefined; late: boolean; ms: number };

import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';
import { pause, type World } from '#world';
import type { Stream } from '../simulation/chance.ts';

/**
 * Others who hold locks in the same database: one takes rows in the opposite order and so makes real
 * deadlocks, one sits on a row for longer than anybody waits for it. They change nothing.
 */
export class Quarrel {
  readonly counts = { locksHeld: 0, heldForLong: 0, ownDeadlocks: 0 };
  readonly #connections: Connection[];
  readonly #world: World;
  readonly #stream: Stream;
  #bell = new AbortController();
  #acts: Promise<void>[] = [];

  static async join(url: string, world: World, stream: Stream): Promise<Quarrel> {
    const connections = await Promise.all([mysql.createConnection(url), mysql.createConnection(url)]);
    for (const one of connections) {
      await one.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
      await one.query('CREATE TEMPORARY TABLE weight (n INT PRIMARY KEY, w INT)');
      const rows = Array.from({ length: 300 }, (_, n) => `(${n}, 0)`).join();
      await one.query(`INSERT INTO weight VALUES ${rows}`);
    }
    return new Quarrel(connections, world, stream);
  }

  private constructor(connections: Connection[], world: World, stream: Stream) {
    this.#connections = connections;
    this.#world = world;
    this.#stream = stream;
  }

  begin(): void {
    this.#bell = new AbortController();
    const [crossing, sitting] = this.#connections;
    if (crossing === undefined || sitting === undefined) return;
    this.#acts = [
      this.#repeat(crossing, 120, () => this.#cross(crossing)),
      this.#repeat(sitting, 1_500, () => this.#sit(sitting)),
    ];
  }

  async end(): Promise<void> {
    this.#bell.abort();
    await Promise.all(this.#acts);
  }

  async close(): Promise<void> {
    await this.end();
    for (const one of this.#connections) one.destroy();
  }

  async #repeat(connection: Connection, everyMs: number, act: () => Promise<void>): Promise<void> {
    while (!this.#done()) {
      await this.#pause(this.#stream.between(everyMs / 2, everyMs * 2));
      try {
        await act();
        this.counts.locksHeld += 1;
      } catch (error) {
        if (!(error instanceof Error) || !('errno' in error)) throw error;
        this.counts.ownDeadlocks += 1;
      }
      await connection.query('ROLLBACK');
    }
  }

  #done(): boolean {
    return this.#bell.signal.aborted;
  }

  #pause(forMs: number): Promise<void> {
    return pause(this.#world, forMs, this.#bell.signal);
  }

  /** The job first, then the payment, then the bill: against the order of design.md. */
  async #cross(connection: Connection): Promise<void> {
    const id = await this.#recent(connection, 'payments');
    if (id === undefined) return;
    await connection.query('START TRANSACTION');
    // Whoever has done more is not the one that a deadlock ends.
    await connection.query('UPDATE weight SET w = w + 1');
    await connection.query(
      "SELECT id FROM jobs WHERE kind = 'follow_payment' AND subject_id = ? FOR UPDATE",
      [id],
    );
    await this.#pause(this.#stream.between(2, 30));
    const [rows] = await connection.query<RowDataPacket[]>(
      'SELECT bill_id FROM payments WHERE id = ? FOR UPDATE',
      [id],
    );
    await this.#pause(this.#stream.between(2, 30));
    await connection.query('SELECT id FROM bills WHERE id = ? FOR UPDATE', [rows[0]?.['bill_id'] ?? 0]);
  }

  /** Now and then longer than innodb_lock_wait_timeout, which is 5 s in our sessions. */
  async #sit(connection: Connection): Promise<void> {
    const table = this.#stream.pick(['bills', 'payments', 'jobs', 'payment_sessions'] as const);
    const id = await this.#recent(connection, table);
    if (id === undefined) return;
    await connection.query('START TRANSACTION');
    await connection.query('UPDATE weight SET w = w + 1');
    await connection.query(`SELECT id FROM ${table} WHERE id = ? FOR UPDATE`, [id]);
    const long = this.#stream.is(0.25);
    if (long) this.counts.heldForLong += 1;
    await this.#pause(long ? 6_500 : this.#stream.between(50, 800));
  }

  async #recent(connection: Connection, table: string): Promise<number | undefined> {
    const [rows] = await connection.query<RowDataPacket[]>(`SELECT MAX(id) AS id FROM ${table}`);
    const newest: unknown = rows[0]?.['id'];
    if (typeof newest !== 'number') return undefined;
    return Math.max(1, newest - this.#stream.below(40));
  }
}

import type { Store } from '#store';

/**
 * What instances have acknowledged to those who asked. None of it may be lost, whoever was killed or
 * cut off a moment later.
 */
export class Promised {
  readonly breaches: string[] = [];
  readonly #bills = new Map<number, { external: string; fen: number }>();
  readonly #numbers = new Map<string, number>();
  readonly #sessions = new Map<string, number>();
  readonly #paid = new Set<string>();
  readonly #voids = new Set<number>();
  readonly #refunds = new Map<number, { bill: number; fen: number }>();

  bill(id: number, external: string, fen: number): void {
    const before = this.#numbers.get(external) ?? id;
    if (before !== id) this.breaches.push(`A1: ${external} is bill ${before} and bill ${id}`);
    this.#numbers.set(external, id);
    this.#bills.set(id, { external, fen });
  }

  session(publicId: string, bill: number): void {
    const before = this.#sessions.get(publicId) ?? bill;
    if (before !== bill) this.breaches.push(`D1: session ${publicId} is of bill ${before} and ${bill}`);
    this.#sessions.set(publicId, bill);
  }

  paid(publicId: string): void {
    this.#paid.add(publicId);
  }

  void(bill: number): void {
    this.#voids.add(bill);
  }

  refund(id: number, bill: number, fen: number): void {
    const before = this.#refunds.get(id);
    if (before !== undefined && (before.bill !== bill || before.fen !== fen))
      this.breaches.push(`J1: refund ${id} was promised twice`);
    this.#refunds.set(id, { bill, fen });
  }

  get acknowledged(): number {
    return this.#bills.size + this.#sessions.size + this.#paid.size + this.#voids.size + this.#refunds.size;
  }

  /** Everything that was said and is not so. */
  async check(store: Store): Promise<string[]> {
    const rows = await store.read(async (tx) => ({
      bills: await tx.all<{ id: number; external_bill_no: string; payable_fen: number; status: string }>(
        'SELECT id, external_bill_no, payable_fen, status FROM bills',
      ),
      sessions: await tx.all<{ public_id: string; bill_id: number; status: string }>(
        'SELECT public_id, bill_id, status FROM payment_sessions',
      ),
      refunds: await tx.all<{ id: number; bill_id: number; amount_fen: number }>(
        'SELECT id, bill_id, amount_fen FROM refunds',
      ),
    }));
    const bills = new Map(rows.bills.map((row) => [row.id, row]));
    const sessions = new Map(rows.sessions.map((row) => [row.public_id, row]));
    const refunds = new Map(rows.refunds.map((row) => [row.id, row]));
    const lost = (what: string): string => `lost after it was acknowledged: ${what}`;
    const faults = [...this.breaches];
    for (const [id, { external, fen }] of this.#bills) {
      const row = bills.get(id);
      if (row?.external_bill_no !== external || row.payable_fen !== fen) faults.push(lost(`bill ${id}`));
    }
    if (new Set(rows.bills.map((row) => row.external_bill_no)).size !== rows.bills.length)
      faults.push('A1: one external number has two bills');
    for (const [id, bill] of this.#sessions)
      if (sessions.get(id)?.bill_id !== bill) faults.push(lost(`session ${id}`));
    for (const id of this.#paid) if (sessions.get(id)?.status !== 'paid') faults.push(lost(`${id}, paid`));
    for (const id of this.#voids) if (bills.get(id)?.status !== 'void') faults.push(lost(`bill ${id}, void`));
    for (const [id, { bill, fen }] of this.#refunds) {
      const row = refunds.get(id);
      if (row?.bill_id !== bill || row.amount_fen !== fen) faults.push(lost(`refund ${id}`));
    }
    return faults;
  }
}

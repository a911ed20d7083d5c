/**
 * The simulators' own books: every debit and every refund, written by the gateways at the moment money
 * moves and never read by the product. What a test compares the product with.
 */
import type { Ledger, LedgerEntry } from './contract.ts';
import type { Documents } from './documents.ts';

const NAME = 'ledger';

export function createLedger(documents: Documents): Ledger {
  const stored = documents.load(NAME) ?? [];
  if (!isEntries(stored)) throw new Error('ledger.json is not a list: move it away to begin anew');
  const entries = stored;
  return {
    add(entry) {
      entries.push(entry);
      documents.save(NAME, entries);
    },
    all: () => entries,
  };
}

/** Our own file, written by `add`: only its outer shape is checked. */
function isEntries(stored: unknown): stored is LedgerEntry[] {
  return Array.isArray(stored);
}

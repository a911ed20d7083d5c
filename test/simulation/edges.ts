/** The edges of design.md section 5, written down a second time: nothing else may ever commit (I-14). */
type Edges = Readonly<Record<string, readonly string[]>>;

const payment: Edges = {
  intent: ['creating', 'paid'],
  creating: ['open', 'create_unknown', 'create_rejected', 'paid'],
  create_unknown: ['open', 'closing', 'paid'],
  open: ['closing', 'paid'],
  closing: ['closed', 'open', 'paid'],
  closed: ['paid'],
  create_rejected: ['paid'],
  paid: [],
};

const ends = ['paid', 'expired', 'cancelled'];
const session: Edges = {
  creating: ['ready', 'scanned', 'silent', 'retiring', ...ends],
  ready: ['scanned', 'silent', 'retiring', ...ends],
  scanned: ['silent', 'retiring', ...ends],
  silent: ['ready', 'scanned', 'retiring', ...ends],
  retiring: ['ready', ...ends],
  expired: ['paid'],
  cancelled: ['paid'],
  paid: [],
};

const refund: Edges = {
  requested: ['approved', 'cancelled', 'succeeded'],
  approved: ['submitted', 'cancelled', 'succeeded'],
  submitted: ['unknown', 'failed', 'abnormal', 'succeeded'],
  unknown: ['submitted', 'failed', 'abnormal', 'succeeded'],
  abnormal: ['failed', 'succeeded'],
  cancelled: ['succeeded'],
  failed: ['succeeded'],
  succeeded: [],
};

const bill: Edges = { unpaid: ['paid', 'void'], paid: [], void: [] };

const all: Readonly<Record<string, { first: readonly string[]; edges: Edges }>> = {
  // `paid` first: money under a number that this database never knew is adopted.
  payment: { first: ['intent', 'paid'], edges: payment },
  session: { first: ['creating'], edges: session },
  // `succeeded` first: a refund made on the channel's own pages is adopted.
  refund: { first: ['requested', 'approved', 'succeeded'], edges: refund },
  bill: { first: ['unpaid'], edges: bill },
};

interface Edge {
  entity: string;
  from_state: string | null;
  to_state: string;
  actor: string;
}

/**
 * Whether an event may ever be told. A session may tell its state again (a note was added), a suspense
 * item likewise; a paid payment only when a person decides about its money (I-05).
 */
export function isLegal({ entity, from_state: from, to_state: to, actor }: Edge): boolean {
  const known = all[entity];
  if (known === undefined) return true;
  if (from === null) return known.first.includes(to);
  if (from === to) return entity === 'session' || (entity === 'payment' && actor.startsWith('staff:'));
  return (known.edges[from] ?? []).includes(to);
}

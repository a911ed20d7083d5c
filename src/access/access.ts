import { createHash } from 'node:crypto';
import {
  apiKeyByDigest,
  endStaffSession,
  insertApiKey,
  insertLoginLink,
  insertStaffSession,
  seeStaffSession,
  staffSessionByDigest,
  useLoginLink,
} from '#sql/access';
import type { Store } from '#store';
import { base64url, type World } from '#world';

export interface AccessParts {
  world: World;
  store: Store;
  clinic: { id: number };
}

/** What a key may do. `all` is every one of them. Refunds stay apart from payments (security.md 5.2). */
export const scopes = ['bills', 'payments', 'prescriptions', 'queries', 'refunds'] as const;
export type Scope = (typeof scopes)[number];

/** Who asks: written on every event that the request causes. */
export interface Identity {
  /** `staff:…` or `key:…`; at most 64 characters. */
  actor: string;
  /** Whose Idempotency-Keys these are (I-17): a key by its id, since two keys may bear one name. */
  client: string;
  scopes: readonly Scope[];
  via: 'cookie' | 'key';
}

const LINK_LIFE_MS = 24 * 3_600_000;
const SESSION_LIFE_MS = 12 * 3_600_000;
const IDLE_MS = 2 * 3_600_000;
const SEEN_AT_MOST_MS = 60_000;

/** 256 bits of chance under a prefix that secret scanners can know. Shown once, kept as its SHA-256. */
function newSecret(world: World, prefix: string): string {
  return `${prefix}_${base64url(world, 32)}`;
}

function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

export async function createApiKey(
  parts: AccessParts,
  name: string,
  granted: readonly Scope[],
): Promise<string> {
  const key = newSecret(parts.world, 'zfk');
  await parts.store.transact('create-api-key', async (tx) => {
    await tx.run(
      insertApiKey,
      parts.clinic.id,
      name,
      key.slice(0, 10),
      digest(key),
      granted.join(','),
      parts.world.now(),
    );
  });
  return key;
}

/** A one-time token that makes its bearer administrator for one session; lives a day. */
export async function createLoginToken(parts: AccessParts): Promise<string> {
  const token = newSecret(parts.world, 'zfl');
  const now = parts.world.now();
  await parts.store.transact('create-login-link', async (tx) => {
    await tx.run(insertLoginLink, parts.clinic.id, digest(token), now, now + LINK_LIFE_MS);
  });
  return token;
}

/** Spends the one-time token. Answers the secret of the staff session's cookie, or undefined. */
export function signIn(
  parts: AccessParts,
  token: string,
): Promise<{ secret: string; actor: string } | undefined> {
  const secret = newSecret(parts.world, 'zfs');
  const actor = 'staff:administrator';
  return parts.store.transact('sign-in', async (tx) => {
    const now = parts.world.now();
    const { rows } = await tx.run(useLoginLink, now, digest(token), now);
    if (rows === 0) return undefined;
    await tx.run(insertStaffSession, parts.clinic.id, digest(secret), actor, now, now, now + SESSION_LIFE_MS);
    return { secret, actor };
  });
}

export async function signOut(parts: AccessParts, secret: string): Promise<void> {
  await parts.store.transact('sign-out', async (tx) => {
    await tx.run(endStaffSession, parts.world.now(), digest(secret));
  });
}

export async function identityOfKey(parts: AccessParts, key: string): Promise<Identity | undefined> {
  const row = await parts.store.read((tx) =>
    tx.one<{ id: number; name: string; scopes: string }>(apiKeyByDigest, digest(key)),
  );
  if (row === undefined) return undefined;
  const granted =
    row.scopes === 'all' ? scopes : scopes.filter((scope) => row.scopes.split(',').includes(scope));
  return {
    actor: `key:${row.name}`.slice(0, 64),
    client: `key-id:${row.id}`,
    scopes: granted,
    via: 'key',
  };
}

export async function identityOfCookie(parts: AccessParts, secret: string): Promise<Identity | undefined> {
  const now = parts.world.now();
  const row = await parts.store.read((tx) =>
    tx.one<{ id: number; actor: string; seen_at: number }>(
      staffSessionByDigest,
      digest(secret),
      now,
      now - IDLE_MS,
    ),
  );
  if (row === undefined) return undefined;
  if (now - row.seen_at > SEEN_AT_MOST_MS) {
    await parts.store.transact('see-staff-session', async (tx) => {
      await tx.run(seeStaffSession, now, row.id);
    });
  }
  return { actor: row.actor, client: row.actor, scopes, via: 'cookie' };
}

import type { FastifyReply, FastifyRequest } from 'fastify';
import { identityOfCookie, identityOfKey, type AccessParts, type Identity, type Scope } from '#access';
import { refuse } from '#trouble';
import { sayNo } from './problems.ts';

declare module 'fastify' {
  interface FastifyRequest {
    identity: Identity | undefined;
  }
}

/** `__Host-` and Secure only where the browser keeps such cookies: on https (dependencies.md 20). */
export function cookieName(secure: boolean): string {
  return secure ? '__Host-zhenfu' : 'zhenfu';
}

/** Who asks: an API key, or a staff session's cookie whose request comes from our own pages. */
export function asker(parts: AccessParts, secure: boolean, ownOrigin: (request: FastifyRequest) => boolean) {
  return (scope: Scope) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
      const bearer = /^Bearer ([\x21-\x7e]{20,100})$/.exec(request.headers.authorization ?? '')?.[1];
      const cookie = request.cookies[cookieName(secure)];
      let identity: Identity | undefined;
      if (bearer !== undefined) identity = await identityOfKey(parts, bearer);
      else if (cookie !== undefined) identity = await identityOfCookie(parts, cookie);
      if (identity === undefined) return sayNo(reply, refuse('not_signed_in'));
      // A form on another site can make a browser send its cookie; it cannot make it lie about Origin.
      if (identity.via === 'cookie' && request.method !== 'GET' && !ownOrigin(request)) {
        return sayNo(reply, refuse('foreign_origin'));
      }
      if (!identity.scopes.includes(scope))
        return sayNo(reply, refuse('scope_missing', { facts: { scope } }));
      request.identity = identity;
      return undefined;
    };
}

/** The asker's name for events; routes behind `asker` always have one. */
export function actorOf(request: FastifyRequest): string {
  if (request.identity === undefined) throw new Error('a route without an asker');
  return request.identity.actor;
}

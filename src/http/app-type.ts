import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AccessParts, Scope } from '#access';
import type { PaymentMethod } from '#channel';
import type { Parts as SessionParts } from '#session';

/** The server as routes see it: their schemas give the types. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** All that the HTTP layer is given. */
export interface HttpParts extends SessionParts, AccessParts {
  clinic: { id: number; name: string; shortName: string };
  gatewayWorld: 'live' | 'sandbox' | 'simulated';
  /** Why a method is off, for the page that would offer it. */
  methods: readonly {
    method: PaymentMethod;
    enabled: boolean;
    reason_zh: string | null;
    reason_en: string | null;
  }[];
  reviewRequired: boolean;
  /** A refund above this needs a second person. Fen. */
  refundLimitFen: number;
  /** The simulated phone, when the simulators run beside us. */
  phoneUrl: string | null;
  secureCookies: boolean;
  /** Where the built pages are. */
  webFolder: string;
}

/** The check that a route asks for its caller. */
export type Asker = (
  scope: Scope,
) => (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>;

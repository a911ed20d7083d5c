import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import sse from '@fastify/sse';
import Fastify, { LogController, type FastifyBaseLogger, type FastifyRequest } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { speakBothLanguages } from '#trouble';
import type { App, HttpParts } from './app-type.ts';
import { describeApi } from './openapi.ts';
import { asker } from './identity.ts';
import { keepIdempotency } from './idempotency.ts';
import { readJsonStrictly } from './json-body.ts';
import { meter } from './meters.ts';
import { answerBrokenHttp, answerError, sayNo } from './problems.ts';
import { billRoutes } from './routes/bills.ts';
import { eventRoutes } from './routes/events.ts';
import { healthRoutes } from './routes/health.ts';
import { notificationRoutes } from './routes/notifications.ts';
import { patientPageRoutes } from './routes/patient-page.ts';
import { prescriptionRoutes } from './routes/prescriptions.ts';
import { qrCodeRoutes } from './routes/qr-codes.ts';
import { refundRoutes } from './routes/refunds.ts';
import { sessionRoutes } from './routes/sessions.ts';
import { staffRoutes } from './routes/staff.ts';
import { suspenseRoutes } from './routes/suspense.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import { servePages } from './web.ts';

/**
 * Requests a minute from one address, by what they ask. A hundred pages that poll every two seconds
 * make 3,000 public reads a minute and must never meet their limit; guessing at links must.
 */
const limits = { public: 20_000, notifications: 12_000, staff: 12_000, login: 20 } as const;
type Limit = keyof typeof limits | 'none';

declare module 'fastify' {
  interface FastifyContextConfig {
    limit?: Limit;
  }
}

const MAX_BODY_BYTES = 262_144;

/**
 * Introduces routes to the parts. `logger` writes allow-listed fields; the framework's own request log
 * is off because it would write addresses with ids in them.
 */
export async function buildServer(parts: HttpParts, logger: FastifyBaseLogger | false): Promise<App> {
  speakBothLanguages();
  let requests = 0;
  const app = Fastify({
    ...(logger === false ? { logger: false } : { loggerInstance: logger }),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: 30_000,
    genReqId: () => `${parts.instance}-${(requests += 1).toString(36)}`,
    routerOptions: { maxParamLength: 128 },
    clientErrorHandler: answerBrokenHttp,
    // An address that cannot be read is refused before any route is found, and by no error handler.
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answerError);
  readJsonStrictly(app);

  await app.register(cookie);
  await app.register(helmet, securityHeaders(parts.secureCookies));
  await app.register(rateLimit, {
    global: true,
    timeWindow: 60_000,
    max: (request) =>
      limits[limitOf(request) === 'none' ? 'public' : (limitOf(request) as keyof typeof limits)],
    keyGenerator: (request) => `${limitOf(request)}:${request.ip}`,
    allowList: (request) => limitOf(request) === 'none',
    errorResponseBuilder: () => Object.assign(new Error('rate limited'), { statusCode: 429 }),
  });
  await app.register(sse.default, { heartbeatInterval: 15_000 });
  await describeApi(app);

  app.decorateRequest('identity', undefined);
  app.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const ms = Math.round(reply.elapsedTime);
    request.log.debug({
      event: 'request',
      method: request.method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      ms,
    });
    done();
  });
  keepIdempotency(app, parts);

  const ask = asker(parts, parts.secureCookies, (request) => isOwnOrigin(request, parts.publicBaseUrl));
  const meters = meter(app);
  sessionRoutes(app, parts, ask);
  eventRoutes(app, parts);
  qrCodeRoutes(app, parts);
  billRoutes(app, parts, ask);
  prescriptionRoutes(app, parts, ask);
  refundRoutes(app, parts, ask);
  suspenseRoutes(app, parts, ask);
  webhookRoutes(app, parts, ask);
  staffRoutes(app, parts, ask);
  await notificationRoutes(app, parts);
  patientPageRoutes(app, parts);
  healthRoutes(app, parts, meters);
  await servePages(app, parts.webFolder);
  app.setNotFoundHandler((_request, reply) => sayNo(reply, { refused: 'not_found' }));
  return app;
}

function limitOf(request: FastifyRequest): Limit {
  return request.routeOptions.config.limit ?? 'staff';
}

/** The page that sent a cookie must be ours: same scheme and host as it asked for, or the public address. */
function isOwnOrigin(request: FastifyRequest, publicBaseUrl: string): boolean {
  const { origin } = request.headers;
  if (origin === undefined) return false;
  return origin === `${request.protocol}://${request.host}` || origin === new URL(publicBaseUrl).origin;
}

/** Strict, and still working on `http://192.168.…`, where most clinics are (dependencies.md, fact 6). */
function securityHeaders(https: boolean) {
  return {
    hsts: https ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    crossOriginOpenerPolicy: https,
    originAgentCluster: https,
    referrerPolicy: { policy: 'no-referrer' as const },
  };
}

import type { FastifyInstance } from 'fastify';
import { DuplicateKeyError, parseJsonStrictly } from '#json';

const utf8 = new TextDecoder('utf-8', { fatal: true });

class BodyError extends Error {
  readonly code: string;
  readonly statusCode = 400;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** JSON as strictly as money wants it: valid UTF-8, no key twice, no `__proto__`. An empty body is `{}`. */
export function readJsonStrictly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      const text = utf8.decode(body as Buffer);
      done(null, text === '' ? {} : parseJsonStrictly(text));
    } catch (error) {
      done(new BodyError(error instanceof DuplicateKeyError ? 'ZF_DUPLICATE_KEY' : 'ZF_MALFORMED_JSON'));
    }
  });
}

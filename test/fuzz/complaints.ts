import type { FastifyBaseLogger } from 'fastify';

/** What the product logs as an error, and every promise that nobody caught: neither may ever come. */
export class Complaints {
  readonly all: string[] = [];
  readonly #listener = (reason: unknown): void => {
    this.all.push(
      `unhandled: ${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}`,
    );
  };

  listen(): void {
    process.on('unhandledRejection', this.#listener);
    process.on('uncaughtException', this.#listener);
  }

  stop(): void {
    process.off('unhandledRejection', this.#listener);
    process.off('uncaughtException', this.#listener);
  }

  readonly logger: FastifyBaseLogger = {
    level: 'error',
    trace: () => undefined,
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    silent: () => undefined,
    error: (...said: unknown[]) => void this.all.push(`logged: ${said.map(words).join(' ')}`),
    fatal: (...said: unknown[]) => void this.all.push(`logged: ${said.map(words).join(' ')}`),
    child: () => this.logger,
  } as FastifyBaseLogger;
}

function words(said: unknown): string {
  return typeof said === 'string' ? said : JSON.stringify(said);
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { App } from './app-type.ts';

/** Addresses of the staff pages; each is answered with the one page, which finds its way by itself. */
const pages = [
  '/',
  '/login',
  '/bills',
  '/bills/:id',
  '/bills/:id/pay',
  '/prescriptions',
  '/prescriptions/new',
  '/sessions/:id',
  '/sessions/:id/result',
];

/** The built pages. Assets carry their digest in the name and may be kept; the page itself never. */
export async function servePages(app: App, folder: string): Promise<void> {
  if (!existsSync(join(folder, 'index.html'))) return;
  await app.register(fastifyStatic, {
    root: join(folder, 'assets'),
    prefix: '/assets/',
    immutable: true,
    maxAge: '365d',
  });
  for (const page of pages) {
    app.get(page, { config: { limit: 'public' }, schema: { hide: true } }, (_request, reply) =>
      reply.header('cache-control', 'no-store').sendFile('index.html', folder, { cacheControl: false }),
    );
  }
}

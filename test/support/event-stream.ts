import type { Parsed } from '../clinic.ts';
import type { Readable } from 'node:stream';

/** An open page: what the server has sent it so far. */
export interface EventStream {
  /** Each message's data with its id, in order. */
  readonly events: readonly { id: string; event: string; data: Parsed }[];
  close(): void;
}

/** Reads server-sent events as a browser does (HTML Living Standard, 9.2.6). */
export function readEvents(source: Readable): EventStream {
  const events: { id: string; event: string; data: unknown }[] = [];
  let rest = '';
  source.on('data', (chunk: Buffer) => {
    const blocks = `${rest}${chunk.toString('utf8')}`.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => fieldOf(line)));
      const data = fields.get('data');
      if (data !== undefined) {
        events.push({
          id: fields.get('id') ?? '',
          event: fields.get('event') ?? 'message',
          data: JSON.parse(data),
        });
      }
    }
  });
  source.on('error', () => undefined);
  return { events, close: () => source.destroy() };
}

function fieldOf(line: string): [string, string] {
  const at = line.indexOf(':');
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1).replace(/^ /, '')];
}

/**
 * Tells the merchant, and tells again on the channel's own repeat schedule until the merchant answers as
 * the channel wants it. Both channels use it; what goes on the wire and what counts as an answer is theirs.
 * Notices still owed survive a restart.
 */
import type { ChannelName, Kernel } from './contract.ts';
import { drawUnit } from './chance.ts';

/** One delivery as it goes on the wire. */
export interface Rendered {
  headers: Record<string, string>;
  body: Uint8Array;
}

/** One event that the merchant is told about. `content` is JSON and belongs to the channel. */
export interface Notice<Content> {
  /** The same for all repeats of one event. */
  id: string;
  url: string;
  content: Content;
}

export interface NotifierOptions<Content> {
  channel: ChannelName;
  /** Gaps between deliveries. After the last one the channel gives up. */
  gapsMs: () => readonly number[];
  /** How long the channel waits for the merchant's answer. */
  timeoutMs: number;
  /** Builds and signs a delivery; called anew for each, for a signature may hold the time. */
  render(notice: Notice<Content>): Rendered;
  /** The same, signed by a stranger's key, for the weather that forges. */
  forge(notice: Notice<Content>): Rendered;
  /** True when this answer ends the repeats. */
  accepts(status: number, body: Uint8Array): boolean;
}

export interface Notifier<Content> {
  /** Starts telling. Resolves when the first delivery has had its answer, or failed. */
  send(notice: Notice<Content>): Promise<void>;
  /** How many notices are still owed. */
  owed(): number;
  /** Resolves when no delivery is in the air. */
  idle(): Promise<void>;
}

interface Owed<Content> extends Notice<Content> {
  /** Deliveries made so far. */
  made: number;
  dueMs: number;
}

/** A notice that is overtaken waits at least and at most this long, so that later ones pass it. */
const OVERTAKEN_MS = { least: 3_000, most: 20_000 };

export function createNotifier<Content>(
  kernel: Kernel,
  options: NotifierOptions<Content>,
): Notifier<Content> {
  const document = `${options.channel}-notices`;
  const owed = new Map<string, Owed<Content>>();
  const inTheAir = new Set<Promise<void>>();

  function keep(): void {
    kernel.save(document, [...owed.values()]);
  }

  /** What is due now starts now, without a timer: a clock that stands still must not hold it back. */
  function plan(notice: Owed<Content>): Promise<void> {
    const waitMs = notice.dueMs - kernel.clock.now();
    if (waitMs <= 0) return start(notice);
    return new Promise((resolve) => {
      kernel.clock.after(waitMs, () => void start(notice).then(resolve));
    });
  }

  function start(notice: Owed<Content>): Promise<void> {
    const delivery = Promise.resolve()
      .then(() => tell(notice))
      .finally(() => inTheAir.delete(delivery));
    inTheAir.add(delivery);
    return delivery;
  }

  async function tell(notice: Owed<Content>): Promise<void> {
    const weather = kernel.weather(options.channel);
    if (kernel.draw(weather.notify_forge)) await post(notice.url, options.forge(notice));
    const heard = kernel.draw(weather.notify_lose) ? false : await post(notice.url, maybeCorrupt(notice));
    if (heard && kernel.draw(weather.notify_double)) await post(notice.url, options.render(notice));
    notice.made += 1;
    const gapMs = options.gapsMs()[notice.made - 1];
    if (heard || gapMs === undefined) owed.delete(notice.id);
    else notice.dueMs += gapMs;
    keep();
    if (owed.has(notice.id)) void plan(notice);
  }

  function maybeCorrupt(notice: Owed<Content>): Rendered {
    const rendered = options.render(notice);
    if (!kernel.draw(kernel.weather(options.channel).notify_corrupt)) return rendered;
    const body = Uint8Array.from(rendered.body);
    const middle = body.length >> 1;
    // One letter or digit becomes another one: the body still parses, only the signature can tell.
    body[middle] = body[middle] === 0x30 ? 0x31 : 0x30;
    return { ...rendered, body };
  }

  async function post(url: string, rendered: Rendered): Promise<boolean> {
    try {
      const answer = await kernel.deliver(url, rendered.headers, rendered.body, options.timeoutMs);
      return options.accepts(answer.status, answer.body);
    } catch {
      // Nobody answered: the schedule goes on, exactly as it does on another answer.
      return false;
    }
  }

  function firstWaitMs(): number {
    const weather = kernel.weather(options.channel);
    const lateMs =
      weather.notify_delay_ms === 0 ? 0 : weather.notify_delay_ms * (0.5 + drawUnit(kernel.chance));
    if (!kernel.draw(weather.notify_reorder)) return lateMs;
    return lateMs + OVERTAKEN_MS.least + drawUnit(kernel.chance) * (OVERTAKEN_MS.most - OVERTAKEN_MS.least);
  }

  const stored = kernel.load(document);
  for (const notice of isOwed<Content>(stored) ? stored : []) {
    owed.set(notice.id, notice);
    void plan(notice);
  }

  return {
    send(notice) {
      const entry = { ...notice, made: 0, dueMs: kernel.clock.now() + Math.round(firstWaitMs()) };
      owed.set(notice.id, entry);
      keep();
      return plan(entry);
    },
    owed: () => owed.size,
    async idle() {
      while (inTheAir.size > 0) await Promise.all(inTheAir);
    },
  };
}

/** Our own file, written by `keep`: only its outer shape is checked. */
function isOwed<Content>(stored: unknown): stored is Owed<Content>[] {
  return Array.isArray(stored);
}

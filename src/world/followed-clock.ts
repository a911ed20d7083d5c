import { sendOverNetwork, systemTimer, systemWorld } from './system.ts';
import type { Cancel, InboundAnswer, World } from './world.ts';

/** What `GET /_sim/clock` says: epoch milliseconds, how fast they run, and which change this is. */
interface ClockWord {
  now: number;
  speed: number;
  version: number;
}

const LONG_POLL_MS = 30_000;
const AGAIN_MS = 500;

/**
 * The simulated world's clock: the product follows the simulators' (design.md section 8), so that an
 * hour pushed forward there is an hour here, and signature windows hold. Timers are armed on that
 * clock and armed anew when it jumps. Until the first word, and while the simulators are away, it
 * runs on like the machine's.
 */
export function followedWorld(
  clockUrl: string,
  allowed: (url: URL) => boolean,
): World & { stop: () => void } {
  const real = systemWorld(allowed);
  const heard = { atReal: real.now(), now: real.now(), speed: 1, version: -1 };
  const timers = new Set<{ at: number; task: () => void; cancel: Cancel }>();
  let stopped = false;

  const now = (): number => Math.floor(heard.now + (real.now() - heard.atReal) * heard.speed);

  function arm(timer: { at: number; task: () => void; cancel: Cancel }): void {
    timer.cancel();
    const left = Math.max(0, timer.at - now()) / heard.speed;
    timer.cancel = systemTimer(left, () => {
      if (timer.at > now()) return arm(timer);
      timers.delete(timer);
      timer.task();
    });
  }

  function hear(word: ClockWord): void {
    Object.assign(heard, {
      atReal: real.now(),
      now: word.now,
      speed: Math.max(word.speed, 0.001),
      version: word.version,
    });
    for (const timer of timers) arm(timer);
  }

  async function follow(): Promise<void> {
    while (!stopped) {
      try {
        const url = heard.version < 0 ? clockUrl : `${clockUrl}?after=${heard.version}`;
        const answer = await sendOverNetwork(
          { method: 'GET', url, headers: {}, timeoutMs: LONG_POLL_MS },
          allowed,
        );
        const word = clockWord(answer);
        if (word.version !== heard.version) hear(word);
      } catch {
        // The simulators are being restarted, or something else answers at their address: the clock runs on, and is heard again in a moment.
        await new Promise<void>((resolve) => systemTimer(AGAIN_MS, resolve));
      }
    }
  }
  void follow();

  return {
    now,
    random: real.random,
    after(delayMs, task) {
      const timer = { at: now() + Math.max(0, delayMs), task, cancel: () => undefined };
      timers.add(timer);
      arm(timer);
      return () => {
        timers.delete(timer);
        timer.cancel();
      };
    },
    send: real.send,
    stop() {
      stopped = true;
    },
  };
}

/** Anything but a clock's word is nobody's: a NaN here would be the time of everything. Throws. */
function clockWord(answer: InboundAnswer): ClockWord {
  const said: unknown = JSON.parse(Buffer.from(answer.body).toString('utf8'));
  const { now, speed, version } = { ...(said as Partial<Record<keyof ClockWord, unknown>> | null) };
  if (
    answer.status !== 200 ||
    typeof now !== 'number' ||
    typeof speed !== 'number' ||
    typeof version !== 'number' ||
    !Number.isSafeInteger(now) ||
    !Number.isSafeInteger(version) ||
    !Number.isFinite(speed)
  )
    throw new Error('not a clock');
  return { now, speed, version };
}

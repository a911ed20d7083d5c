import { openStream } from '../simulation/chance.ts';
import { rest } from './real-time.ts';
import { Life, type Template } from './life.ts';
import type { Readiness } from './service-process.ts';

const PEOPLE = 10;
const KILLS_A_LIFE = 20;

/** What killing the service came to. All counters grow from run to run of one state. */
export interface ServiceFigures {
  kills: number;
  /** Kills before the service had said that it was ready. */
  unborn: number;
  lives: number;
  promises: number;
  cut: number;
  debits: number;
  refunds: number;
  restartMs: number[];
  restartCpuMs: number[];
  faults: string[];
}

export const noServiceFigures = (): ServiceFigures => ({
  kills: 0,
  unborn: 0,
  lives: 0,
  promises: 0,
  cut: 0,
  debits: 0,
  refunds: 0,
  restartMs: [],
  restartCpuMs: [],
  faults: [],
});

/**
 * kill -9 of the whole service under load, at random moments of its work and of its start. After each
 * kill its database is examined as it was left; a clinic lives through twenty of them, then its
 * customers go home and all money must find its end.
 */
export async function killService(
  template: Template,
  wish: { seed: string; kills: number; killsALife?: number },
  figures: ServiceFigures,
  tell: (figures: ServiceFigures) => void,
): Promise<void> {
  while (figures.kills < wish.kills && figures.faults.length === 0) {
    figures.lives += 1;
    const kills = Math.min(wish.killsALife ?? KILLS_A_LIFE, wish.kills - figures.kills);
    await oneLife(template, `${wish.seed} life ${figures.lives}`, kills, figures, tell);
  }
}

async function oneLife(
  template: Template,
  seed: string,
  kills: number,
  figures: ServiceFigures,
  tell: (figures: ServiceFigures) => void,
): Promise<void> {
  const life = new Life(template, seed);
  const moments = openStream(`${seed} moments`);
  const blame = (faults: readonly string[]): void => {
    figures.faults.push(...faults.map((fault) => `${seed}: ${fault}`));
  };
  try {
    await life.begin();
    let usualMs = 800;
    life.open('K', PEOPLE);
    for (let kill = 0; kill < kills; kill += 1) {
      const service = life.start();
      if (moments.is(0.15)) {
        await rest(moments.below(usualMs));
        figures.unborn += 1;
      } else {
        const ready = await service.ready;
        if (ready === undefined) return blame([`not ready: ${service.complaints()}`]);
        usualMs = ready.wallMs;
        note(figures, ready);
        await rest(moments.below(moments.is(0.3) ? 100 : 800));
      }
      await life.kill();
      figures.kills += 1;
      blame(await life.examine({ settled: false }));
      if (figures.faults.length > 0) return;
      tell(figures);
    }
    figures.cut += (await life.shut()).cut;
    const service = life.start();
    const ready = await service.ready;
    if (ready === undefined) return blame([`not ready: ${service.complaints()}`]);
    note(figures, ready);
    await life.settle();
    await life.kill();
    blame(await life.examine({ settled: true }));
    blame(life.faults);
    figures.promises += life.promises.length;
    figures.debits += life.bank.ledger().filter(({ kind }) => kind === 'debit').length;
    figures.refunds += life.bank.ledger().filter(({ kind }) => kind === 'refund').length;
  } finally {
    await life.end();
  }
}

function note(figures: ServiceFigures, { wallMs, cpuMs }: Readiness): void {
  figures.restartMs.push(wallMs);
  figures.restartCpuMs.push(cpuMs);
}

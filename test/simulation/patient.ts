import type { SessionView } from '#session';
import type { Stream } from './chance.ts';
import type { Day } from './day.ts';

/** Somebody with a phone in front of a screen. */
export interface Patient {
  /** The code that this patient looks at is no longer there; who has not scanned it lets it be. */
  looksAway(): void;
}

/** Scans the code of a session and pays, late, never, or together with somebody who got a picture of it. */
export function sendPatient(day: Day, session: SessionView, name: string, stream: Stream): Patient {
  const { agenda, gateways, profile, tally } = day;
  const content = session.qr_code_content;
  const stubborn = stream.is(profile.pays_both_codes);
  let away = false;
  let scanned = false;

  const live = async (): Promise<void> => {
    const untilOver = session.expires_at - agenda.nowMs;
    const late = stream.is(profile.pays_late);
    const gone = stream.is(profile.abandons);
    await agenda.sleep(late ? untilOver + stream.between(-20_000, 240_000) : stream.wait(18_000, 0.7));
    if (away && !stubborn) return;
    if (gone && stream.is(0.5)) return day.did('abandons', `${name} walks away`);
    const number = gateways.scan(content, name);
    scanned = number !== undefined;
    day.tell(`${name} scans: ${number ?? 'the wallet says no'}`);
    if (gone) return day.did('abandons', `${name} walks away from the password page`);
    if (stream.is(profile.shares_code)) void friend();
    await agenda.sleep(stream.wait(5_000, 0.8));
    if (late) tally.fault('pays_late');
    if (away) tally.fault('pays_both_codes');
    pay(name);
    return undefined;
  };

  const pay = (payer: string): void => {
    const wrong = stream.is(profile.pays_wrong_amount)
      ? session.amount_fen + stream.between(1, 50)
      : undefined;
    const entry = gateways.pay(content, payer, wrong);
    if (entry !== undefined && wrong !== undefined) tally.fault('pays_wrong_amount');
    day.tell(
      `${payer} pays: ${entry === undefined ? 'the wallet says no' : `${entry.out_trade_no} ${entry.amount_fen} fen`}`,
    );
    if (entry === undefined && scanned && day.wasClosed(session)) tally.came('closed_then_paid');
  };

  /** A picture of the code went to somebody else. */
  const friend = async (): Promise<void> => {
    tally.fault('shares_code');
    await agenda.sleep(stream.below(8_000));
    pay(`a friend of ${name}`);
  };

  void live();
  return {
    looksAway() {
      away = true;
    },
  };
}

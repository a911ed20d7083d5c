import { useTranslation } from 'react-i18next';
import type { Stage } from '../../live/stage.ts';
import type { Tone } from '../../ui/badge.tsx';
import { StageSign } from '../../ui/stage-sign.tsx';

export const toneOf: Record<Stage, Tone> = {
  creating: 'blue',
  ready: 'blue',
  scanned: 'blue',
  silent: 'warn',
  confirming: 'warn',
  paid: 'good',
  paid_late: 'good',
  surplus: 'warn',
  disputed: 'bad',
  expired: 'calm',
  declined: 'bad',
  replaced: 'calm',
  paid_elsewhere: 'good',
  cancelled: 'calm',
};

/** The state in one large word, read out by itself when it changes. */
export function StageSays({ stage }: { stage: Stage }) {
  const { t } = useTranslation();
  return (
    <section className={`paper stage tone-edge-${toneOf[stage]}`} aria-live="polite" aria-atomic="true">
      <StageSign
        tone={toneOf[stage]}
        busy={stage === 'creating' || stage === 'silent' || stage === 'confirming'}
        waiting={stage === 'ready'}
      />
      <div>
        <h2>{t(`stage.${stage}.word`)}</h2>
        <p className="quiet">{t(`stage.${stage}.hint`)}</p>
      </div>
    </section>
  );
}

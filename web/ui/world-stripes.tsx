import { useTranslation } from 'react-i18next';

/** Stands on every page of a world where no real money moves, so that nobody takes it for the real one. */
export function WorldStripes({
  world,
  phoneUrl,
}: {
  world: 'sandbox' | 'simulated';
  phoneUrl: string | null;
}) {
  const { t } = useTranslation();
  return (
    <aside className="stripes" aria-label={t(`world.${world}`)}>
      <span className="stripes-words">
        <strong>{t(`world.${world}`)}</strong>
        <span className="stripes-hint">{t(`world.${world}Hint`)}</span>
        {phoneUrl === null ? null : (
          <a href={phoneUrl} target="_blank" rel="noreferrer">
            {t('world.phone')}
          </a>
        )}
      </span>
    </aside>
  );
}

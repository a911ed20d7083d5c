import { MenuOutlined } from '@ant-design/icons';
import { Button, Dropdown, type MenuProps } from 'antd';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { chooseLanguage, languageNow } from '../words/index.ts';
import './frame.css';
import { KeyHelp } from './help.tsx';
import { Mark } from './mark.tsx';
import { Money } from './money.tsx';
import { chooseLook, useLook, type LookChoice } from './preferences.ts';
import { useKeys } from './use-keys.ts';

export interface FrameProps {
  actor: string;
  today: { count: number; paidFen: number };
  banner: ReactNode;
  /** `Brand`, in a link home; and the links of the main navigation. */
  brand: ReactNode;
  navigation: ReactNode;
  onSignOut: () => void;
  children: ReactNode;
}

/** The quiet head over every page of the desk. */
export function Frame({ actor, today, banner, brand, navigation, onSignOut, children }: FrameProps) {
  const { t } = useTranslation();
  const [help, setHelp] = useState(false);
  useKeys({ '?': () => setHelp(true) });
  return (
    <div className="frame">
      <a className="skip-link" href="#main">
        {t('app.skip')}
      </a>
      {banner}
      <header className="top">
        <div className="top-row">
          {brand}
          <nav className="top-nav" aria-label={t('app.nav.label')}>
            {navigation}
          </nav>
          <span className="today">
            <span className="numbers">{t('app.today', { count: today.count })}</span>
            <strong>
              <span className="unseen">{t('app.todaySum')} </span>
              <Money fen={today.paidFen} />
            </strong>
          </span>
          <DeskMenu actor={actor} onSignOut={onSignOut} onHelp={() => setHelp(true)} />
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <KeyHelp open={help} onClose={() => setHelp(false)} />
    </div>
  );
}

/** The mark, our name and the clinic's. */
export function Brand({ clinicName }: { clinicName: string }) {
  const { t } = useTranslation();
  return (
    <>
      <Mark size={34} />
      <span className="brand-name">{t('app.name')}</span>
      <span className="brand-clinic">{clinicName}</span>
    </>
  );
}

function DeskMenu({
  actor,
  onSignOut,
  onHelp,
}: {
  actor: string;
  onSignOut: () => void;
  onHelp: () => void;
}) {
  const { t } = useTranslation();
  const { choice } = useLook();
  const looks = (['system', 'light', 'dark'] as const).map((look: LookChoice) => ({
    key: look,
    label: t(`app.look.${look}`),
    onClick: () => chooseLook(look),
  }));
  const items: MenuProps['items'] = [
    { key: 'who', label: t('app.signedInAs', { actor }), disabled: true },
    { type: 'divider' },
    {
      key: 'language',
      label: t('app.language'),
      onClick: () => void chooseLanguage(languageNow() === 'zh' ? 'en' : 'zh'),
    },
    { key: 'look', type: 'group', label: t('app.look.label'), children: looks },
    { type: 'divider' },
    { key: 'keys', label: t('app.keys'), extra: '?', onClick: onHelp },
    { key: 'out', label: t('app.signOut'), onClick: onSignOut },
  ];
  return (
    <Dropdown
      menu={{ items, selectable: true, selectedKeys: [choice] }}
      trigger={['click']}
      placement="bottomRight"
    >
      <Button type="text" icon={<MenuOutlined />} aria-label={t('app.menu')} aria-haspopup="menu" />
    </Dropdown>
  );
}

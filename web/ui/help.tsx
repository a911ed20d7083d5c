import { Modal } from 'antd';
import { useTranslation } from 'react-i18next';

/** The keys of the desk, shown by `?`. */
export function KeyHelp({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const groups = [
    [
      t('keys.pages.bills'),
      [
        ['/', t('keys.search')],
        ['↑ ↓', t('keys.move')],
        ['Enter', t('keys.open')],
        ['F2', t('keys.collect')],
      ],
    ],
    [
      t('keys.pages.session'),
      [
        ['F4', t('keys.refresh')],
        ['Esc', t('keys.cancel')],
      ],
    ],
    [t('keys.pages.anywhere'), [['?', t('keys.help')]]],
  ] as const;
  return (
    <Modal open={open} onCancel={onClose} footer={null} title={t('keys.title')}>
      <div className="stack">
        {groups.map(([title, keys]) => (
          <section key={title} className="key-group">
            <h2>{title}</h2>
            <dl className="facts">
              {keys.map(([key, meaning]) => (
                <div key={key} className="key-row">
                  <dt>
                    <span className="key">{key}</span>
                  </dt>
                  <dd>{meaning}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  );
}

import { PlusOutlined, SearchOutlined } from '@ant-design/icons';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Button, Input, Segmented, type InputRef } from 'antd';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { prescriptionPages } from '../../api/queries.ts';
import type { Prescription, PrescriptionState } from '../../api/shapes.ts';
import { matchesQuery } from '../../forms/match.ts';
import { paths } from '../../paths.ts';
import { Quiet } from '../../ui/empty.tsx';
import { clinicMinute } from '../../ui/format.ts';
import { LinkButton } from '../../ui/link-button.tsx';
import { Money } from '../../ui/money.tsx';
import { useKeys } from '../../ui/use-keys.ts';
import { useLater } from '../../ui/use-later.ts';
import { ProblemNote } from '../trouble.tsx';
import './prescriptions.css';
import { ChargeBadge, StateBadge } from './badges.tsx';
import { PrescriptionSheet } from './sheet.tsx';

const FILTERS = ['issued', 'approved', 'returned', 'void'] as const satisfies PrescriptionState[];

export function PrescriptionsPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { open } = useSearch({ from: '/desk/prescriptions' });
  const [state, setState] = useState<PrescriptionState>();
  const [typed, setTyped] = useState('');
  const found = useFoundPrescriptions(state, typed.trim());
  const searchField = useRef<InputRef>(null);
  useKeys({ '/': () => searchField.current?.focus({ cursor: 'all' }) });
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t('prescriptions.title')}</h1>
        <LinkButton type="primary" icon={<PlusOutlined />} to={paths.newPrescription()}>
          {t('prescriptions.new')}
        </LinkButton>
      </div>
      <div className="page-head">
        <Segmented
          aria-label={t('prescriptions.filter')}
          value={state ?? 'all'}
          onChange={(value) => setState(FILTERS.find((filter) => filter === value))}
          options={[
            { value: 'all', label: t('prescriptions.all') },
            ...FILTERS.map((filter) => ({ value: filter, label: t(`prescriptions.${filter}`) })),
          ]}
        />
        <Input
          ref={searchField}
          className="list-search"
          size="large"
          allowClear
          prefix={<SearchOutlined aria-hidden="true" />}
          suffix={<kbd>/</kbd>}
          placeholder={t('prescriptions.search')}
          aria-label={t('prescriptions.searchLabel')}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </div>
      {found.error === null ? null : <ProblemNote error={found.error} />}
      {found.prescriptions.length === 0 ? (
        <div className="paper">
          {found.waiting ? (
            <p className="list-wait quiet" role="status">
              {t('app.loading')}
            </p>
          ) : (
            <Quiet
              title={
                typed === '' && state === undefined ? t('prescriptions.empty') : t('prescriptions.noneFound')
              }
            >
              {typed === '' && state === undefined ? t('prescriptions.emptyHint') : undefined}
            </Quiet>
          )}
        </div>
      ) : (
        <PrescriptionTable prescriptions={found.prescriptions} />
      )}
      <div className="list-foot">
        {found.more === undefined ? null : <Button onClick={found.more}>{t('prescriptions.more')}</Button>}
      </div>
      <PrescriptionSheet id={open} onClose={() => void navigate(paths.prescriptions())} />
    </div>
  );
}

function useFoundPrescriptions(state: PrescriptionState | undefined, typed: string) {
  const asked = state === undefined ? {} : { state };
  const settled = useLater(typed, 250);
  const all = useInfiniteQuery(prescriptionPages(asked));
  const matching = useInfiniteQuery({
    ...prescriptionPages({ ...asked, q: settled }),
    enabled: settled !== '',
  });
  const loaded = all.data?.pages.flatMap((page) => page.prescriptions) ?? [];
  if (typed === '') {
    const more = all.hasNextPage ? () => void all.fetchNextPage() : undefined;
    return { prescriptions: loaded, waiting: all.isPending, error: all.error, more };
  }
  const near = loaded.filter(({ patient_name, prescription_no, patient_no }) =>
    matchesQuery(typed, [patient_name, prescription_no, patient_no]),
  );
  const far =
    settled === typed && !matching.isPlaceholderData
      ? matching.data?.pages.flatMap((page) => page.prescriptions)
      : [];
  const byId = new Map([...near, ...(far ?? [])].map((prescription) => [prescription.id, prescription]));
  const more = matching.hasNextPage ? () => void matching.fetchNextPage() : undefined;
  return {
    prescriptions: [...byId.values()].sort((a, b) => b.id - a.id),
    waiting: settled !== typed || matching.isFetching,
    error: matching.error,
    more,
  };
}

function PrescriptionTable({ prescriptions }: { prescriptions: Prescription[] }) {
  const { t } = useTranslation();
  return (
    <div className="paper list-paper">
      <table className="list rx-list">
        <thead>
          <tr>
            <th scope="col">{t('prescriptions.columns.no')}</th>
            <th scope="col">{t('prescriptions.columns.patient')}</th>
            <th scope="col">{t('prescriptions.columns.diagnosis')}</th>
            <th scope="col" className="right">
              {t('prescriptions.columns.amount')}
            </th>
            <th scope="col">{t('prescriptions.columns.state')}</th>
            <th scope="col">{t('prescriptions.columns.time')}</th>
          </tr>
        </thead>
        <tbody>
          {prescriptions.map((prescription) => (
            <PrescriptionRow key={prescription.id} prescription={prescription} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function PrescriptionRow({ prescription }: { prescription: Prescription }) {
  const { t } = useTranslation();
  const drugs = prescription.lines.map(({ generic_name }) => generic_name).join('、');
  return (
    <tr>
      <td className="cell-no">
        <Link className="numbers" {...paths.prescriptions({ open: prescription.id })}>
          {prescription.prescription_no}
        </Link>
      </td>
      <td className="cell-who">
        {prescription.patient_name}{' '}
        <span className="quiet cell-age">
          {t(`prescription.${prescription.sex}`)} {prescription.age}
        </span>
      </td>
      <td className="cell-where">
        {prescription.diagnosis}
        <span className="quiet cell-drugs">{drugs}</span>
      </td>
      <td className="cell-amount right">
        <Money fen={prescription.amount_fen} />
      </td>
      <td className="cell-state">
        <span className="badges">
          <StateBadge prescription={prescription} />
          <ChargeBadge prescription={prescription} />
        </span>
      </td>
      <td className="cell-time quiet numbers">{clinicMinute(prescription.created_at)}</td>
    </tr>
  );
}

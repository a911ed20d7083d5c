import { SearchOutlined } from '@ant-design/icons';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Button, Input, Segmented, type InputRef } from 'antd';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { billPages } from '../../api/queries.ts';
import type { BillStatus, BillSummary } from '../../api/shapes.ts';
import { matchesQuery } from '../../forms/match.ts';
import { paths } from '../../paths.ts';
import { Quiet } from '../../ui/empty.tsx';
import { clinicMinute } from '../../ui/format.ts';
import { LinkButton } from '../../ui/link-button.tsx';
import { Money } from '../../ui/money.tsx';
import { useKeys } from '../../ui/use-keys.ts';
import { useLater } from '../../ui/use-later.ts';
import { ProblemNote } from '../trouble.tsx';
import { BillBadges } from './badges.tsx';

const FILTERS = ['unpaid', 'paid', 'void'] as const satisfies BillStatus[];

/** The desk's first page: find the bill, collect it. Works without a mouse. */
export function BillsPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const search = useSearch({ from: '/desk/bills' });
  const [typed, setTyped] = useState(search.q ?? '');
  const found = useFoundBills(search.status, typed.trim());
  const { bills } = found;
  const searchField = useRef<InputRef>(null);
  const [chosenId, setChosenId] = useState<number>();
  const chosen = bills.find(({ id }) => id === chosenId) ?? bills[0];

  const move = (by: 1 | -1): void => {
    const at = bills.findIndex(({ id }) => id === chosenId);
    const next = bills[at === -1 ? 0 : Math.min(bills.length - 1, Math.max(0, at + by))];
    if (next === undefined) return;
    setChosenId(next.id);
    document.querySelector<HTMLElement>(`[data-bill="${next.id}"] a`)?.focus();
  };
  useKeys({
    '/': () => searchField.current?.focus({ cursor: 'all' }),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    F2: () => {
      if (chosen?.status === 'unpaid') void navigate(paths.pay(chosen.id));
    },
  });

  return (
    <div className="page">
      <div className="page-head">
        <h1>{t('bills.title')}</h1>
        <Segmented
          aria-label={t('bills.filter')}
          value={search.status ?? 'all'}
          onChange={(value) => {
            const status = FILTERS.find((filter) => filter === value);
            void navigate(paths.bills(status === undefined ? {} : { status }));
          }}
          options={[
            ...FILTERS.map((filter) => ({ value: filter, label: t(`bills.${filter}`) })),
            { value: 'all', label: t('bills.all') },
          ]}
        />
        <Input
          ref={searchField}
          className="list-search"
          size="large"
          allowClear
          prefix={<SearchOutlined aria-hidden="true" />}
          suffix={<kbd>/</kbd>}
          placeholder={t('bills.search')}
          aria-label={t('bills.searchLabel')}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          onPressEnter={() => chosen !== undefined && void navigate(paths.bill(chosen.id))}
        />
      </div>
      {found.error === null ? null : <ProblemNote error={found.error} />}
      {bills.length === 0 ? (
        <NoBills waiting={found.waiting} searching={typed.trim() !== '' || search.status !== undefined} />
      ) : (
        <BillTable bills={bills} chosenId={chosen?.id} onChoose={setChosenId} />
      )}
      <div className="list-foot">
        {bills.length === 0 ? null : (
          <span className="quiet numbers">{t('bills.count', { count: bills.length })}</span>
        )}
        {found.more === undefined ? null : <Button onClick={found.more}>{t('bills.more')}</Button>}
      </div>
    </div>
  );
}

/** The service searches all bills; the loaded page is searched by pinyin initials too, at once. */
function useFoundBills(status: BillStatus | undefined, typed: string) {
  const asked = status === undefined ? {} : { status };
  const settled = useLater(typed, 250);
  const all = useInfiniteQuery(billPages(asked));
  const matching = useInfiniteQuery({ ...billPages({ ...asked, q: settled }), enabled: settled !== '' });
  const loaded = all.data?.pages.flatMap((page) => page.bills) ?? [];
  if (typed === '') {
    return {
      bills: loaded,
      waiting: all.isPending,
      error: all.error,
      more: all.hasNextPage ? () => void all.fetchNextPage() : undefined,
    };
  }
  const byId = new Map<number, BillSummary>();
  const near = loaded.filter((bill) =>
    matchesQuery(typed, [bill.patient_name, bill.bill_no, bill.external_bill_no ?? '', bill.patient_no]),
  );
  const far =
    settled === typed && !matching.isPlaceholderData
      ? (matching.data?.pages.flatMap((page) => page.bills) ?? [])
      : [];
  for (const bill of [...near, ...far]) byId.set(bill.id, bill);
  return {
    bills: [...byId.values()].sort((a, b) => b.id - a.id),
    waiting: settled !== typed || matching.isFetching,
    error: matching.error,
    more: matching.hasNextPage ? () => void matching.fetchNextPage() : undefined,
  };
}

function NoBills({ waiting, searching }: { waiting: boolean; searching: boolean }) {
  const { t } = useTranslation();
  if (waiting) {
    return (
      <p className="paper list-wait quiet" role="status">
        {t('app.loading')}
      </p>
    );
  }
  return (
    <div className="paper">
      {searching ? (
        <Quiet title={t('bills.noneFound')}>{t('bills.noneFoundHint')}</Quiet>
      ) : (
        <Quiet title={t('bills.empty')}>{t('bills.emptyHint')}</Quiet>
      )}
    </div>
  );
}

function BillTable({
  bills,
  chosenId,
  onChoose,
}: {
  bills: BillSummary[];
  chosenId: number | undefined;
  onChoose: (id: number) => void;
}) {
  const { t } = useTranslation();
  return (
    <div className="paper list-paper">
      <table className="list">
        <thead>
          <tr>
            <th scope="col">{t('bills.columns.billNo')}</th>
            <th scope="col">{t('bills.columns.patient')}</th>
            <th scope="col">{t('bills.columns.where')}</th>
            <th scope="col" className="right">
              {t('bills.columns.amount')}
            </th>
            <th scope="col">{t('bills.columns.status')}</th>
            <th scope="col">{t('bills.columns.time')}</th>
            <th scope="col">
              <span className="unseen">{t('bills.columns.action')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {bills.map((bill) => (
            <BillRow
              key={bill.id}
              bill={bill}
              chosen={bill.id === chosenId}
              onChoose={() => onChoose(bill.id)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function BillRow({ bill, chosen, onChoose }: { bill: BillSummary; chosen: boolean; onChoose: () => void }) {
  const { t } = useTranslation();
  const where = [bill.department, bill.doctor].filter((word) => word !== '').join(' · ');
  return (
    <tr className={chosen ? 'chosen' : ''} data-bill={bill.id} onClick={onChoose} onFocus={onChoose}>
      <td className="cell-no">
        <Link className="numbers" {...paths.bill(bill.id)}>
          {bill.bill_no}
        </Link>
      </td>
      <td className="cell-who">{bill.patient_name}</td>
      <td className="cell-where quiet">{where}</td>
      <td className="cell-amount right">
        <Money fen={bill.payable_fen} />
      </td>
      <td className="cell-state">
        <BillBadges bill={bill} />
      </td>
      <td className="cell-time quiet numbers">{clinicMinute(bill.created_at)}</td>
      <td className="cell-action right">
        {bill.status === 'unpaid' ? (
          <LinkButton size="middle" type={chosen ? 'primary' : 'default'} to={paths.pay(bill.id)}>
            {t('bills.collect')} {chosen ? <kbd>F2</kbd> : null}
          </LinkButton>
        ) : null}
      </td>
    </tr>
  );
}

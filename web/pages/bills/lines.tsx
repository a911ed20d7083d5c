import { useTranslation } from 'react-i18next';
import { fen, sum } from '#money';
import type { Bill } from '../../api/shapes.ts';
import { Money } from '../../ui/money.tsx';

type Line = Bill['lines'][number];

/** The charges, gathered by the national fee class as a receipt prints them, and how the total becomes what is due. */
export function BillLines({ bill }: { bill: Bill }) {
  const { t } = useTranslation();
  return (
    <section className="paper sheet">
      <h2>{t('bill.lines')}</h2>
      <table className="list lines">
        <thead>
          <tr>
            <th scope="col">{t('bill.line.name')}</th>
            <th scope="col" className="right">
              {t('bill.line.quantity')}
            </th>
            <th scope="col" className="right">
              {t('bill.line.price')}
            </th>
            <th scope="col" className="right">
              {t('bill.line.amount')}
            </th>
          </tr>
        </thead>
        {byClass(bill.lines).map(([feeClass, name, lines]) => (
          <tbody key={feeClass}>
            <tr className="class-row">
              <th scope="rowgroup" colSpan={3}>
                {name}
              </th>
              <td className="right">
                <span className="unseen">{t('bill.subtotal')} </span>
                <Money fen={sum(lines.map(({ amount_fen }) => fen(amount_fen)))} />
              </td>
            </tr>
            {lines.map((line) => (
              <tr key={line.line_no}>
                <td className="cell-item">
                  {line.name} <span className="quiet">{line.spec}</span>
                </td>
                <td className="right numbers">
                  {line.quantity}
                  {line.unit}
                </td>
                <td className="right numbers">{line.unit_price}</td>
                <td className="right">
                  <Money fen={line.amount_fen} />
                </td>
              </tr>
            ))}
          </tbody>
        ))}
      </table>
      <Sums bill={bill} />
    </section>
  );
}

function Sums({ bill }: { bill: Bill }) {
  const { t } = useTranslation();
  const sums = (
    [
      ['total', bill.total_fen, true],
      ['discount', bill.discount_fen, false],
      ['fund', bill.fund_pay_fen, false],
      ['account', bill.account_pay_fen, false],
      ['payable', bill.payable_fen, true],
      ['paid', bill.paid_fen, false],
      ['refunded', bill.refunded_fen, false],
      ['surplus', bill.surplus_fen, false],
    ] as const
  ).filter(([, amount, always]) => always || amount > 0);
  return (
    <dl className="facts sums">
      {sums.map(([name, amount]) => (
        <div key={name} className={`fact ${name === 'payable' ? 'fact-strong' : ''}`}>
          <dt>{t(`bill.${name}`)}</dt>
          <dd>
            {['discount', 'fund', 'account'].includes(name) ? '−' : ''}
            <Money fen={amount} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function byClass(lines: Line[]): [string, string, Line[]][] {
  const groups = new Map<string, [string, string, Line[]]>();
  for (const line of lines) {
    const group = groups.get(line.fee_class) ?? [line.fee_class, line.fee_class_name, []];
    group[2].push(line);
    groups.set(line.fee_class, group);
  }
  return [...groups.values()];
}

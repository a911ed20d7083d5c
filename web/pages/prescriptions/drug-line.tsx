import { DeleteOutlined } from '@ant-design/icons';
import { AutoComplete, Button, Checkbox, Input } from 'antd';
import { useTranslation } from 'react-i18next';
import { matchesQuery } from '../../forms/match.ts';
import { amountOf, type LineDraft, type LineField } from '../../forms/prescription-draft.ts';
import { Badge } from '../../ui/badge.tsx';
import { Field } from '../../ui/field.tsx';
import { Money } from '../../ui/money.tsx';
import type { PartProps } from './new.tsx';

const FREQUENCIES = ['qd', 'bid', 'tid', 'qid', 'q8h', 'q12h', 'qn', 'prn', 'st'] as const;
const ROUTES = ['口服', '舌下含服', '外用', '滴眼', '滴鼻', '雾化吸入', '皮下注射', '肌内注射', '静脉滴注'];
const HERB_ROUTES = ['水煎服', '冲服', '外洗'];
const FOOTNOTES = ['先煎', '后下', '包煎', '烊化', '另煎', '冲服'];

/** One drug of the paper: what is known of it, what the doctor decides, what it comes to. */
export function DrugLine({
  line,
  at,
  onChange,
  onRemove,
  ...part
}: PartProps & {
  line: LineDraft;
  at: number;
  onChange: (more: Partial<LineDraft>) => void;
  onRemove: () => void;
}) {
  const { t } = useTranslation();
  const herbal = line.kind === 'herb';
  const listed = line.drug_code !== '';
  const amount = amountOf(line, part.draft);
  const common = { line, at, onChange, trouble: part.trouble };
  const mixed = part.trouble(`lines.${at}.kind`) ?? part.trouble(`lines.${at}.generic_name`);
  return (
    <li className="rx-line" data-field={`lines.${at}.kind`}>
      <div className="rx-line-head">
        <span className="rx-line-no numbers">{at + 1}</span>
        <strong>{line.generic_name}</strong>
        {line.trade_name === '' ? null : <span className="quiet">{line.trade_name}</span>}
        {listed ? <span className="quiet">{line.spec}</span> : null}
        <Badge tone="calm">{t(`rx.kinds.${line.kind}`)}</Badge>
        <span className="rx-line-amount">{amount === undefined ? '—' : <Money fen={amount} />}</span>
        <Button
          type="text"
          icon={<DeleteOutlined />}
          aria-label={t('rx.removeLine', { name: line.generic_name })}
          onClick={onRemove}
        />
      </div>
      {mixed === undefined ? null : <p className="field-note line-trouble">{mixed}</p>}
      <div className="line-grid">
        {listed ? null : (
          <>
            <LineText {...common} name="spec" label={t('rx.spec')} maxLength={64} />
            <LineText {...common} name="unit_price" label={t('rx.price')} inputMode="decimal" />
          </>
        )}
        <LineText
          {...common}
          name="dose"
          label={t('rx.dose')}
          addon="dose_unit"
          addonLabel={t('rx.doseUnit')}
        />
        <LineText {...common} name="route" label={t('rx.route')} choices={herbal ? HERB_ROUTES : ROUTES} />
        <LineText
          {...common}
          name="frequency"
          label={t('rx.frequency')}
          choices={FREQUENCIES.map((value) => ({ value, label: `${value} ${t(`rx.frequencies.${value}`)}` }))}
        />
        {herbal ? null : (
          <LineText {...common} name="days" label={t('rx.days')} inputMode="numeric" optional />
        )}
        <LineText
          {...common}
          name="quantity"
          label={herbal ? t('rx.herbQuantity') : t('rx.quantity')}
          inputMode="decimal"
          addon="unit"
          addonLabel={t('rx.unit')}
        />
        {herbal ? (
          <LineText {...common} name="footnote" label={t('rx.footnote')} choices={FOOTNOTES} optional />
        ) : (
          <LineText {...common} name="advice" label={t('rx.advice')} maxLength={100} optional />
        )}
        {herbal ? null : (
          <Checkbox
            className="line-check"
            checked={line.skin_test}
            onChange={(event) => onChange({ skin_test: event.target.checked })}
          >
            {t('rx.skinTest')}
          </Checkbox>
        )}
      </div>
    </li>
  );
}

function LineText({
  line,
  at,
  name,
  label,
  addon,
  addonLabel,
  choices,
  optional = false,
  trouble,
  onChange,
  ...input
}: {
  line: LineDraft;
  at: number;
  name: LineField;
  label: string;
  /** A second, short field that belongs to the first: the unit of a dose. */
  addon?: LineField;
  addonLabel?: string;
  choices?: readonly (string | { value: string; label: string })[];
  optional?: boolean;
  inputMode?: 'decimal' | 'numeric';
  maxLength?: number;
  trouble: PartProps['trouble'];
  onChange: (more: Partial<LineDraft>) => void;
}) {
  const field = `lines.${at}.${name}`;
  const said = trouble(field) ?? (addon === undefined ? undefined : trouble(`lines.${at}.${addon}`));
  return (
    <Field name={field} label={label} trouble={said} optional={optional}>
      {(control) => {
        if (choices !== undefined) {
          return (
            <AutoComplete
              {...control}
              value={line[name]}
              options={choices.map((choice) => (typeof choice === 'string' ? { value: choice } : choice))}
              showSearch={{ filterOption: (typed, option) => matchesChoice(typed, option) }}
              onChange={(value: string) => onChange({ [name]: value })}
            />
          );
        }
        const main = (
          <Input
            {...control}
            {...input}
            autoComplete="off"
            value={line[name]}
            onChange={(event) => onChange({ [name]: event.target.value.trimStart() })}
          />
        );
        if (addon === undefined) return main;
        return (
          <span className="with-unit">
            {main}
            <Input
              className="unit-input"
              aria-label={`${label} ${addonLabel ?? ''}`}
              value={line[addon]}
              maxLength={16}
              onChange={(event) => onChange({ [addon]: event.target.value })}
            />
          </span>
        );
      }}
    </Field>
  );
}

/** A choice that is taken whole stays whole: then all are offered again. */
function matchesChoice(typed: string, option: { value?: unknown; label?: unknown } | undefined): boolean {
  const texts = [option?.value, option?.label].filter((text) => typeof text === 'string');
  return matchesQuery(typed, texts);
}

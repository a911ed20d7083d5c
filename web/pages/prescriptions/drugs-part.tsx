import { useQuery } from '@tanstack/react-query';
import { App, Segmented } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { drugsFor } from '../../api/queries.ts';
import { matchesQuery } from '../../forms/match.ts';
import { lineOf, ownLine, type LineDraft } from '../../forms/prescription-draft.ts';
import { needsLongSupplyReason } from '../../forms/prescription-rules.ts';
import { SearchPick } from '../../forms/search-pick.tsx';
import { Note } from '../../ui/note.tsx';
import { useLater } from '../../ui/use-later.ts';
import { DrugLine } from './drug-line.tsx';
import type { PartProps } from './new.tsx';
import { TextFieldOf } from './patient-part.tsx';

const OWN = 'own:';

/** 正文, the body of the paper: Rp, line by line. */
export function DrugsPart(part: PartProps) {
  const { draft, change, trouble } = part;
  const { t } = useTranslation();
  const herbal = draft.rx_type === 'herbal';
  const changeLine = (at: number, more: Partial<LineDraft>): void =>
    change({ lines: draft.lines.map((line, other) => (other === at ? { ...line, ...more } : line)) });
  const missing = trouble('lines');
  return (
    <section className="paper sheet" data-field="lines">
      <div className="rx-part-head">
        <h2>
          <span className="rp" aria-hidden="true">
            Rp
          </span>{' '}
          {t('rx.drugs')}
        </h2>
        <TypeChoice {...part} />
        <DrugSearch herbal={herbal} onPick={(line) => change({ lines: [...draft.lines, line] })} />
      </div>
      {missing === undefined ? null : <Note tone="bad" title={missing} />}
      {draft.lines.length === 0 ? <p className="quiet rx-none">{t('rx.noDrugs')}</p> : null}
      <ol className="rx-lines">
        {draft.lines.map((line, at) => (
          <DrugLine
            key={line.key}
            {...part}
            line={line}
            at={at}
            onChange={(more) => changeLine(at, more)}
            onRemove={() => change({ lines: draft.lines.filter((_, other) => other !== at) })}
          />
        ))}
      </ol>
      {herbal ? (
        <div className="field-grid">
          <TextFieldOf name="doses" label={t('rx.doses')} {...part} inputMode="numeric" maxLength={2} />
          <TextFieldOf
            name="decoction"
            label={t('rx.decoction')}
            {...part}
            placeholder={t('rx.decoctionExample')}
            className="field-wide"
            maxLength={100}
            optional
          />
        </div>
      ) : null}
      {needsLongSupplyReason(draft) || draft.long_supply_reason !== '' ? (
        <TextFieldOf
          name="long_supply_reason"
          label={t('rx.longSupply')}
          hint={t('rx.longSupplyHint')}
          {...part}
          maxLength={100}
        />
      ) : null}
    </section>
  );
}

function TypeChoice({ draft, change }: PartProps) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  return (
    <Segmented
      aria-label={t('rx.type')}
      value={draft.rx_type}
      onChange={(rx_type) => {
        if (draft.lines.length === 0) {
          change({ rx_type });
          return;
        }
        modal.confirm({
          title: t('rx.discardTitle'),
          okText: t('rx.discardConfirm'),
          onOk: () => change({ rx_type, lines: [] }),
        });
      }}
      options={[
        { value: 'western' as const, label: t('rx.western') },
        { value: 'herbal' as const, label: t('rx.herbal') },
      ]}
    />
  );
}

function DrugSearch({ herbal, onPick }: { herbal: boolean; onPick: (line: LineDraft) => void }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  const asked = useLater(typed.trim(), 200);
  const known = useQuery(drugsFor('')).data?.drugs ?? [];
  const found = useQuery({ ...drugsFor(asked), enabled: asked !== '' }).data?.drugs ?? [];
  const near = known.filter((drug) => matchesQuery(typed, [drug.generic_name, drug.trade_name, drug.code]));
  const byCode = new Map([...near, ...(typed === '' ? [] : found)].map((drug) => [drug.code, drug]));
  const drugs = [...byCode.values()].filter((drug) => (drug.kind === 'herb') === herbal).slice(0, 20);
  const own =
    typed.trim() === ''
      ? []
      : [{ value: `${OWN}${typed.trim()}`, label: t('rx.ownDrug', { name: typed.trim() }) }];
  return (
    <SearchPick
      label={t('rx.addDrug')}
      placeholder={t('rx.addDrugHint')}
      typed={typed}
      onTyped={setTyped}
      choices={[
        ...drugs.map((drug) => ({
          value: drug.code,
          label: (
            <span className="pick">
              <strong>{drug.generic_name}</strong>
              <span className="quiet">{drug.spec}</span>
              <span className="quiet numbers pick-end">
                ¥{drug.unit_price}/{drug.unit}
              </span>
            </span>
          ),
        })),
        ...own,
      ]}
      onPick={(value) => {
        const drug = byCode.get(value);
        if (drug !== undefined) onPick(lineOf(drug));
        else if (value.startsWith(OWN)) onPick(ownLine(value.slice(OWN.length), herbal));
      }}
    />
  );
}

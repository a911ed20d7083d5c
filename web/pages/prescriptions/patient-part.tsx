import { useQuery } from '@tanstack/react-query';
import { Input, Radio, Segmented, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { patientsFor } from '../../api/queries.ts';
import type { Patient } from '../../api/shapes.ts';
import { matchesQuery } from '../../forms/match.ts';
import { withPatient, type Draft } from '../../forms/prescription-draft.ts';
import { needsIdentity } from '../../forms/prescription-rules.ts';
import { SearchPick } from '../../forms/search-pick.tsx';
import { Field } from '../../ui/field.tsx';
import { useLater } from '../../ui/use-later.ts';
import type { PartProps } from './new.tsx';

type TextField = {
  [K in keyof Draft]: Draft[K] extends string ? (string extends Draft[K] ? K : never) : never;
}[keyof Draft];

const CLASSES = ['normal', 'emergency', 'child', 'narcotic', 'psychotropic_1', 'psychotropic_2'] as const;

/** 前记, the head of the paper: who it is for. */
export function PatientPart({ draft, change, trouble }: PartProps) {
  const { t } = useTranslation();
  return (
    <section className="paper sheet">
      <div className="rx-part-head">
        <h2>{t('rx.patient')}</h2>
        <PatientSearch onPick={(patient) => change(withPatient(draft, patient))} />
      </div>
      <p className="quiet">{t('rx.patientHint')}</p>
      <div className="field-grid">
        <TextFieldOf
          name="patient_name"
          label={t('rx.patientName')}
          {...{ draft, change, trouble }}
          maxLength={64}
        />
        <TextFieldOf
          name="patient_no"
          label={t('rx.patientNo')}
          {...{ draft, change, trouble }}
          maxLength={64}
        />
        <fieldset className={`field ${trouble('sex') === undefined ? '' : 'field-bad'}`} data-field="sex">
          <legend>{t('rx.sex')}</legend>
          <Radio.Group
            value={draft.sex === '' ? null : draft.sex}
            onChange={(event) => change({ sex: event.target.value === 'female' ? 'female' : 'male' })}
            options={[
              { value: 'male', label: t('prescription.male') },
              { value: 'female', label: t('prescription.female') },
            ]}
          />
          {trouble('sex') === undefined ? null : <span className="field-note">{trouble('sex')}</span>}
        </fieldset>
        <TextFieldOf
          name="birth_date"
          label={t('rx.birthDate')}
          {...{ draft, change, trouble }}
          type="date"
        />
        {isYoung(draft.birth_date) || draft.rx_class === 'child' ? (
          <TextFieldOf
            name="weight_grams"
            label={t('rx.weight')}
            hint={t('rx.weightHint')}
            {...{ draft, change, trouble }}
            inputMode="numeric"
            optional
          />
        ) : null}
      </div>
    </section>
  );
}

/** The rest of the head: where, by whom, why, and which kind of paper. */
export function VisitPart({ draft, change, trouble }: PartProps) {
  const { t } = useTranslation();
  return (
    <section className="paper sheet">
      <h2>{t('rx.visit')}</h2>
      <div className="field-grid">
        <TextFieldOf
          name="department"
          label={t('rx.department')}
          {...{ draft, change, trouble }}
          maxLength={64}
        />
        <TextFieldOf name="doctor" label={t('rx.doctor')} {...{ draft, change, trouble }} maxLength={64} />
        <TextFieldOf
          name="fee_type"
          label={t('rx.feeType')}
          {...{ draft, change, trouble }}
          maxLength={16}
          optional
        />
        <Field name="rx_class" label={t('rx.class')} trouble={trouble('rx_class')}>
          {(control) => (
            <Select
              {...control}
              value={draft.rx_class}
              onChange={(rx_class) => change({ rx_class })}
              options={CLASSES.map((value) => ({ value, label: t(`rx.classes.${value}`) }))}
            />
          )}
        </Field>
        <TextFieldOf
          name="diagnosis"
          label={t('rx.diagnosis')}
          {...{ draft, change, trouble }}
          maxLength={200}
          className="field-wide"
        />
        <fieldset className="field" data-field="valid_days">
          <legend>{t('rx.validDays')}</legend>
          <Segmented
            aria-label={t('rx.validDays')}
            value={draft.valid_days}
            onChange={(valid_days) => change({ valid_days })}
            options={[1, 2, 3].map((value) => ({
              value,
              label: value === 1 ? t('rx.validToday') : t('rx.validFor', { days: value }),
            }))}
          />
        </fieldset>
        {needsIdentity(draft) ? (
          <>
            <TextFieldOf
              name="identity_no"
              label={t('rx.identityNo')}
              {...{ draft, change, trouble }}
              maxLength={32}
            />
            <TextFieldOf
              name="agent_name"
              label={t('rx.agentName')}
              {...{ draft, change, trouble }}
              maxLength={64}
              optional
            />
            <TextFieldOf
              name="agent_identity_no"
              label={t('rx.agentIdentityNo')}
              {...{ draft, change, trouble }}
              maxLength={32}
              optional
            />
          </>
        ) : null}
      </div>
    </section>
  );
}

export function TextFieldOf({
  name,
  label,
  hint,
  draft,
  change,
  trouble,
  optional = false,
  className = '',
  ...input
}: {
  name: TextField;
  label: string;
  hint?: string;
  optional?: boolean;
  className?: string;
  maxLength?: number;
  type?: 'date';
  inputMode?: 'numeric' | 'decimal';
  placeholder?: string;
} & PartProps) {
  return (
    <Field
      name={name}
      label={label}
      hint={hint}
      trouble={trouble(name)}
      optional={optional}
      className={className}
    >
      {(control) => (
        <Input
          {...control}
          {...input}
          autoComplete="off"
          value={draft[name]}
          onChange={(event) => change({ [name]: event.target.value })}
        />
      )}
    </Field>
  );
}

function PatientSearch({ onPick }: { onPick: (patient: Patient) => void }) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  const asked = useLater(typed.trim(), 200);
  const known = useQuery(patientsFor('')).data?.patients ?? [];
  const found = useQuery({ ...patientsFor(asked), enabled: asked !== '' }).data?.patients ?? [];
  const near = known.filter((patient) => matchesQuery(typed, [patient.name, patient.patient_no]));
  const all = new Map(
    [...near, ...(typed === '' ? [] : found)].map((patient) => [patient.patient_no, patient]),
  );
  return (
    <SearchPick
      label={t('rx.choosePatient')}
      placeholder={t('rx.choosePatientHint')}
      typed={typed}
      onTyped={setTyped}
      choices={[...all.values()].slice(0, 20).map((patient) => ({
        value: patient.patient_no,
        label: (
          <span className="pick">
            <strong>{patient.name}</strong>
            <span className="quiet">{t(`prescription.${patient.sex}`)}</span>
            <span className="quiet numbers">{patient.birth_date}</span>
            <span className="quiet numbers pick-end">{patient.patient_no}</span>
          </span>
        ),
      }))}
      onPick={(patientNo) => {
        const patient = all.get(patientNo);
        if (patient !== undefined) onPick(patient);
      }}
    />
  );
}

/** Under three years: then the weight is worth a field. */
function isYoung(birthDate: string): boolean {
  return birthDate !== '' && Date.now() - Date.parse(birthDate) < 3 * 365.25 * 86_400_000;
}

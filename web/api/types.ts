// Written by scripts/generate-api.ts from /openapi.json. Change the server, then run it again.

export interface Operations {
  'POST /api/v1/finance/bills/{bill_id}/qr-payment': {
    path: {
      bill_id: number;
    };
    body: OpenSessionInput;
    answer: OpenedSession;
  };
  'GET /api/v1/finance/payment-sessions/{session_id}/status': {
    path: {
      session_id: string;
    };
    answer: SessionStatus;
  };
  'POST /api/v1/finance/payment-sessions/{session_id}/cancellation': {
    path: {
      session_id: string;
    };
    body: CancellationInput;
    answer: Retirement;
  };
  'POST /api/v1/finance/payment-sessions/{session_id}/inquiry': {
    path: {
      session_id: string;
    };
    body: Record<string, unknown>;
    answer: SessionStatus;
  };
  'GET /api/v1/finance/payment-sessions/{session_id}/events': {
    path: {
      session_id: string;
    };
    answer: void;
  };
  'GET /api/v1/finance/qr-codes/{session_id}.png': {
    path: {
      session_id: string;
    };
    answer: void;
  };
  'GET /api/v1/finance/qr-codes/{session_id}.svg': {
    path: {
      session_id: string;
    };
    answer: void;
  };
  'GET /api/v1/finance/bills': {
    query: {
      status?: 'unpaid' | 'paid' | 'void';
      q?: string;
      before_id?: number;
      limit?: number;
    };
    answer: BillPage;
  };
  'POST /api/v1/finance/bills': {
    body: CreateBillInput;
    answer: Bill;
  };
  'GET /api/v1/finance/bills/{bill_id}': {
    path: {
      bill_id: number;
    };
    answer: Bill;
  };
  'POST /api/v1/finance/bills/{bill_id}/void': {
    path: {
      bill_id: number;
    };
    body: VoidBillInput;
    answer: Bill;
  };
  'GET /api/v1/prescriptions': {
    query: {
      state?: 'issued' | 'approved' | 'returned' | 'void';
      q?: string;
      before_id?: number;
      limit?: number;
    };
    answer: PrescriptionPage;
  };
  'POST /api/v1/prescriptions': {
    body: IssuePrescriptionInput;
    answer: Prescription;
  };
  'GET /api/v1/prescriptions/{prescription_id}': {
    path: {
      prescription_id: number;
    };
    answer: Prescription;
  };
  'POST /api/v1/prescriptions/{prescription_id}/review': {
    path: {
      prescription_id: number;
    };
    body: ReviewInput;
    answer: Prescription;
  };
  'POST /api/v1/prescriptions/{prescription_id}/void': {
    path: {
      prescription_id: number;
    };
    body: VoidPrescriptionInput;
    answer: Prescription;
  };
  'GET /api/v1/drugs': {
    query: {
      q?: string;
    };
    answer: {
      drugs: Drug[];
    };
  };
  'GET /api/v1/patients': {
    query: {
      q?: string;
    };
    answer: {
      patients: Patient[];
    };
  };
  'GET /api/v1/finance/bills/{bill_id}/refunds': {
    path: {
      bill_id: number;
    };
    answer: RefundList;
  };
  'POST /api/v1/finance/bills/{bill_id}/refunds': {
    path: {
      bill_id: number;
    };
    body: RequestRefundInput;
    answer: Refund;
  };
  'GET /api/v1/finance/refunds/{refund_id}': {
    path: {
      refund_id: number;
    };
    answer: Refund;
  };
  'POST /api/v1/finance/refunds/{refund_id}/approval': {
    path: {
      refund_id: number;
    };
    body: Record<string, unknown>;
    answer: Refund;
  };
  'POST /api/v1/finance/refunds/{refund_id}/cancellation': {
    path: {
      refund_id: number;
    };
    body: Record<string, unknown>;
    answer: Refund;
  };
  'GET /api/v1/finance/suspense': {
    query: {
      after_id?: number;
      limit?: number;
    };
    answer: {
      suspense: Suspense[];
    };
  };
  'POST /api/v1/finance/suspense/{suspense_id}/posting': {
    path: {
      suspense_id: number;
    };
    body: {
      note: string;
      bill_id: number;
    };
    answer: Suspense;
  };
  'POST /api/v1/finance/suspense/{suspense_id}/refund': {
    path: {
      suspense_id: number;
    };
    body: {
      note: string;
    };
    answer: Suspense;
  };
  'POST /api/v1/finance/suspense/{suspense_id}/hold': {
    path: {
      suspense_id: number;
    };
    body: {
      note: string;
    };
    answer: Suspense;
  };
  'POST /api/v1/finance/suspense/{suspense_id}/closure': {
    path: {
      suspense_id: number;
    };
    body: {
      note: string;
    };
    answer: Suspense;
  };
  'GET /api/v1/finance/webhooks': {
    query: {
      state?: 'waiting' | 'delivered' | 'parked';
      bill_id?: number;
      before_id?: number;
      limit?: number;
    };
    answer: WebhookPage;
  };
  'GET /api/v1/finance/webhooks/{webhook_id}': {
    path: {
      webhook_id: number;
    };
    answer: WebhookWithBody;
  };
  'POST /api/v1/finance/webhooks/{webhook_id}/replay': {
    path: {
      webhook_id: number;
    };
    body: Record<string, unknown> | null;
    answer: Webhook;
  };
  'POST /api/v1/finance/webhooks/replay': {
    body: Record<string, unknown> | null;
    answer: {
      replayed: number;
    };
  };
  'GET /api/v1/staff-session': {
    answer: StaffSession;
  };
  'POST /api/v1/staff-session': {
    body: {
      token: string;
    };
    answer: StaffSession;
  };
  'DELETE /api/v1/staff-session': {
    answer: void;
  };
  'GET /api/v1/finance/payment-methods': {
    answer: {
      methods: ({
        method: PaymentMethod;
        enabled: boolean;
        reason_zh: string | null;
        reason_en: string | null;
      })[];
    };
  };
  'POST /api/v1/finance/notifications/alipay': {
    answer: void;
  };
  'POST /api/v1/finance/notifications/wechat': {
    answer: void;
  };
}

export type Bill = {
  id: number;
  bill_no: string;
  external_bill_no: string | null;
  prescription_id: number | null;
  patient_name: string;
  patient_no: string;
  department: string;
  doctor: string;
  status: 'unpaid' | 'paid' | 'void';
  /** Whole fen (分) */
  total_fen: number;
  /** Whole fen (分) */
  payable_fen: number;
  /** Yuan with two decimals, e.g. "12.30" */
  payable: string;
  /** Whole fen (分) */
  paid_fen: number;
  /** Whole fen (分) */
  refunded_fen: number;
  /** Money that came beside the one payment and is on its way back */
  surplus_fen: number;
  /** Of the payment that settled it */
  payment_method: PaymentMethod | null;
  paid_at: string | null;
  late: boolean;
  valid_until: string | null;
  /** RFC 3339, UTC */
  created_at: string;
  version: number;
  /** Whole fen (分) */
  discount_fen: number;
  /** Whole fen (分) */
  fund_pay_fen: number;
  /** Whole fen (分) */
  account_pay_fen: number;
  void_reason: string | null;
  lines: BillLine[];
  sessions: BillSession[];
};

export type BillLine = {
  line_no: number;
  fee_class: FeeClass;
  fee_class_name: string;
  name: string;
  spec: string;
  quantity: string;
  unit: string;
  unit_price: string;
  /** Whole fen (分) */
  amount_fen: number;
  /** Yuan with two decimals, e.g. "12.30" */
  amount: string;
};

export type BillPage = {
  bills: BillSummary[];
  next_before_id: number | null;
};

export type BillSession = {
  session_id: string;
  payment_method: PaymentMethod;
  status: 'pending' | 'paid' | 'expired' | 'cancelled';
  phase: 'creating' | 'ready' | 'scanned' | 'confirming' | 'ended';
  shown: boolean;
  /** RFC 3339, UTC */
  expires_at: string;
  /** RFC 3339, UTC */
  created_at: string;
  disposition: 'settled' | 'surplus' | 'disputed' | null;
  late: boolean;
  out_trade_no: string;
  channel_trade_no: string | null;
  paid_at: string | null;
};

export type BillSummary = {
  id: number;
  bill_no: string;
  external_bill_no: string | null;
  prescription_id: number | null;
  patient_name: string;
  patient_no: string;
  department: string;
  doctor: string;
  status: 'unpaid' | 'paid' | 'void';
  /** Whole fen (分) */
  total_fen: number;
  /** Whole fen (分) */
  payable_fen: number;
  /** Yuan with two decimals, e.g. "12.30" */
  payable: string;
  /** Whole fen (分) */
  paid_fen: number;
  /** Whole fen (分) */
  refunded_fen: number;
  /** Money that came beside the one payment and is on its way back */
  surplus_fen: number;
  /** Of the payment that settled it */
  payment_method: PaymentMethod | null;
  paid_at: string | null;
  late: boolean;
  valid_until: string | null;
  /** RFC 3339, UTC */
  created_at: string;
  version: number;
};

export type CancellationInput = {
  insist?: boolean;
};

export type CreateBillInput = {
  external_bill_no: string;
  patient_name: string;
  patient_no?: string;
  department?: string;
  doctor?: string;
  lines: NewBillLineInput[];
  /** Whole fen (分) */
  discount_fen?: number;
  /** Whole fen (分) */
  fund_pay_fen?: number;
  /** Whole fen (分) */
  account_pay_fen?: number;
};

export type Drug = {
  code: string;
  generic_name: string;
  trade_name: string;
  form: string;
  spec: string;
  kind: 'western' | 'patent' | 'herb';
  unit: string;
  unit_price: string;
  dose_unit: string;
};

export type FeeClass = '10' | '11' | '12' | '13' | '14' | '01' | '02' | '03' | '04' | '05' | '06' | '07' | '08' | '09';

export type FeeClassInput = '10' | '11' | '12' | '13' | '14' | '01' | '02' | '03' | '04' | '05' | '06' | '07' | '08' | '09';

export type IssuePrescriptionInput = {
  patient_name: string;
  patient_no: string;
  sex: 'male' | 'female';
  birth_date: string;
  /** For newborns and infants */
  weight_grams?: number;
  /** 费别: 自费, 医保 … */
  fee_type?: string;
  department: string;
  doctor: string;
  diagnosis: string;
  /** western: 西药/中成药; herbal: 中药饮片 */
  rx_type: 'western' | 'herbal';
  /** 普通 · 急诊 · 儿科 · 麻 · 精一 · 精二 */
  rx_class?: 'normal' | 'emergency' | 'child' | 'narcotic' | 'psychotropic_1' | 'psychotropic_2';
  /** Issue day counts as the first (art. 18) */
  valid_days?: number;
  /** Why more than 7 (emergency: 3) days (art. 19) */
  long_supply_reason?: string;
  /** 剂数/付数, herbal only */
  doses?: number;
  /** 煎服法, herbal only */
  decoction?: string;
  /** Narcotic and psychotropic class I */
  identity_no?: string;
  agent_name?: string;
  agent_identity_no?: string;
  lines: NewPrescriptionLineInput[];
};

export type NewBillLineInput = {
  fee_class: FeeClassInput;
  name: string;
  spec?: string;
  quantity: number | string;
  unit: string;
  /** Whole fen (分) */
  unit_price_fen?: number;
  /** Yuan, ≤ 4 decimals; instead of unit_price_fen */
  unit_price?: string;
};

export type NewPrescriptionLineInput = {
  drug_code?: string;
  generic_name: string;
  trade_name?: string;
  /** 剂型 */
  form?: string;
  /** 规格 */
  spec: string;
  /** 西药 · 中成药 · 中药饮片 */
  kind: 'western' | 'patent' | 'herb';
  /** 单次用量, e.g. "0.5" */
  dose: string;
  dose_unit: string;
  /** 给药途径/用法 */
  route: string;
  /** qd/bid/tid/q8h/prn or words */
  frequency: string;
  days?: number;
  quantity: number | string;
  unit: string;
  /** Whole fen (分) */
  unit_price_fen?: number;
  unit_price?: string;
  /** 脚注 (herbs): 先煎, 后下, 包煎 */
  footnote?: string;
  skin_test?: boolean;
  /** 嘱托 */
  advice?: string;
};

export type OpenSessionInput = {
  payment_method: PaymentMethodInput;
  timeout_minutes?: number;
  /** Retire the code that is shown and make a new one */
  refresh?: boolean;
  /** Go on although the old code may still be paid */
  insist?: boolean;
};

export type OpenedSession = {
  qr_code_content: string;
  qr_code_image_url: string;
  /** RFC 3339, UTC */
  expires_at: string;
  session_id: string;
  bill_id: number;
  payment_method: PaymentMethod;
  /** Whole fen (分) */
  amount_fen: number;
  /** Yuan with two decimals, e.g. "12.30" */
  amount: string;
  patient_page_url: string;
  /** RFC 3339, UTC */
  server_time: string;
};

export type Patient = {
  patient_no: string;
  name: string;
  sex: 'male' | 'female';
  birth_date: string;
};

export type PaymentMethod = 'alipay' | 'wechat';

export type PaymentMethodInput = 'alipay' | 'wechat';

export type Prescription = {
  id: number;
  prescription_no: string;
  state: 'issued' | 'approved' | 'returned' | 'void';
  review_required: boolean;
  patient_name: string;
  patient_no: string;
  sex: 'male' | 'female';
  birth_date: string;
  /** As printed: 35岁, 8月, 12天 */
  age: string;
  fee_type: string;
  department: string;
  doctor: string;
  diagnosis: string;
  /** western: 西药/中成药; herbal: 中药饮片 */
  rx_type: 'western' | 'herbal';
  /** 普通 · 急诊 · 儿科 · 麻 · 精一 · 精二 */
  rx_class: 'normal' | 'emergency' | 'child' | 'narcotic' | 'psychotropic_1' | 'psychotropic_2';
  /** RFC 3339, UTC */
  valid_until: string;
  doses: number | null;
  decoction: string;
  long_supply_reason: string;
  /** Whole fen (分) */
  amount_fen: number;
  /** Yuan with two decimals, e.g. "12.30" */
  amount: string;
  bill_id: number | null;
  bill_status: 'unpaid' | 'paid' | 'void' | null;
  review_note: string | null;
  lines: PrescriptionLine[];
  /** RFC 3339, UTC */
  created_at: string;
  version: number;
};

export type PrescriptionLine = {
  line_no: number;
  drug_code: string;
  generic_name: string;
  trade_name: string;
  form: string;
  spec: string;
  kind: 'western' | 'patent' | 'herb';
  dose: string;
  dose_unit: string;
  route: string;
  frequency: string;
  days: number | null;
  quantity: string;
  unit: string;
  unit_price: string;
  /** Whole fen (分) */
  amount_fen: number;
  footnote: string;
  skin_test: boolean;
  advice: string;
};

export type PrescriptionPage = {
  prescriptions: Prescription[];
  next_before_id: number | null;
};

export type Refund = {
  id: number;
  bill_id: number | null;
  out_refund_no: string;
  /** Whole fen (分) */
  amount_fen: number;
  /** Yuan with two decimals, e.g. "12.30" */
  amount: string;
  kind: 'bill' | 'surplus' | 'suspense' | 'external';
  state: 'requested' | 'approved' | 'cancelled' | 'submitted' | 'unknown' | 'failed' | 'abnormal' | 'succeeded';
  reason: string;
  requested_by: string;
  approved_by: string | null;
  channel_refund_no: string | null;
  refunded_at: string | null;
  fault_code: string | null;
  /** RFC 3339, UTC */
  created_at: string;
  version: number;
};

export type RefundList = {
  refunds: Refund[];
};

export type RequestRefundInput = {
  /** Whole fen (分), at least 1 */
  amount_fen?: number;
  /** Which lines go back; instead of amount_fen */
  lines?: ({
    line_no: number;
    /** Whole fen (分), at least 1 */
    amount_fen: number;
  })[];
  reason: string;
};

export type Retirement = {
  result: 'paid' | 'closed' | 'withdrawn';
  /** Only when withdrawn: the last moment that old money may come */
  payable_until: string | null;
  session: SessionStatus;
};

export type ReviewInput = {
  decision: 'approve' | 'return';
  note?: string;
};

export type SessionStatus = {
  status: 'pending' | 'paid' | 'expired' | 'cancelled';
  bill_id: number;
  payment_method: PaymentMethod;
  /** RFC 3339, UTC */
  expires_at: string;
  session_id: string;
  phase: 'creating' | 'ready' | 'scanned' | 'confirming' | 'ended';
  /** The image may stand on a screen now */
  code_shown: boolean;
  /** Whole fen (分) */
  amount_fen: number;
  /** Yuan with two decimals, e.g. "12.30" */
  amount: string;
  version: number;
  /** RFC 3339, UTC */
  server_time: string;
  paid_at: string | null;
  /** The money came after the code had left the screens */
  late: boolean;
  disposition: 'settled' | 'surplus' | 'disputed' | null;
  replaced_by: string | null;
  end_reason: 'timeout' | 'refresh' | 'switch' | 'cancel' | 'void' | 'declined' | 'paid_elsewhere' | 'disputed' | null;
  clinic_name: string;
};

export type StaffSession = {
  actor: string;
  clinic_name: string;
  world: 'live' | 'sandbox' | 'simulated';
  phone_url: string | null;
  review_required: boolean;
  today: {
    count: number;
    /** Whole fen (分), a sum */
    paid_fen: number;
  };
};

export type Suspense = {
  id: number;
  reason: string;
  state: 'open' | 'held' | 'posted' | 'refunded' | 'closed';
  /** Whole fen (分) */
  amount_fen: number;
  /** Yuan with two decimals, e.g. "12.30" */
  amount: string;
  payment_id: number | null;
  refund_id: number | null;
  detail: string;
  owner: string | null;
  note: string | null;
  /** RFC 3339, UTC */
  opened_at: string;
  age_seconds: number;
  closed_at: string | null;
  version: number;
};

export type VoidBillInput = {
  reason: string;
  insist?: boolean;
};

export type VoidPrescriptionInput = {
  reason: string;
  insist?: boolean;
};

export type Webhook = {
  id: number;
  /** The webhook-id header: the same for every delivery of it */
  event_id: string;
  /** Null for what belongs to no bill */
  bill_id: number | null;
  /** Counts the events of one bill from 1, without a gap */
  sequence: number;
  type: 'bill.paid' | 'bill.voided' | 'refund.succeeded' | 'refund.failed' | 'suspense.opened';
  state: 'waiting' | 'delivered' | 'parked';
  attempts: number;
  /** What the last try came to: HTTP 503, not_sent: ECONNREFUSED */
  last_status: string | null;
  /** RFC 3339, UTC */
  created_at: string;
  last_tried_at: string | null;
  delivered_at: string | null;
};

export type WebhookPage = {
  webhooks: Webhook[];
  next_before_id: number | null;
};

export type WebhookWithBody = {
  id: number;
  /** The webhook-id header: the same for every delivery of it */
  event_id: string;
  /** Null for what belongs to no bill */
  bill_id: number | null;
  /** Counts the events of one bill from 1, without a gap */
  sequence: number;
  type: 'bill.paid' | 'bill.voided' | 'refund.succeeded' | 'refund.failed' | 'suspense.opened';
  state: 'waiting' | 'delivered' | 'parked';
  attempts: number;
  /** What the last try came to: HTTP 503, not_sent: ECONNREFUSED */
  last_status: string | null;
  /** RFC 3339, UTC */
  created_at: string;
  last_tried_at: string | null;
  delivered_at: string | null;
  /** The body, word for word as it is sent */
  payload: string;
};

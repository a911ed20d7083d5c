/**
 * Every address in one place. A path within the app is what the router's Link takes (`<Link {...paths.bill(3)} />`);
 * an address of the service is a string.
 */
export const paths = {
  login: () => ({ to: '/login' }) as const,
  bills: (search: { status?: 'unpaid' | 'paid' | 'void'; q?: string } = {}) =>
    ({ to: '/bills', search }) as const,
  bill: (id: number) => ({ to: '/bills/$id', params: { id: String(id) } }) as const,
  pay: (id: number) => ({ to: '/bills/$id/pay', params: { id: String(id) } }) as const,
  session: (sessionId: string) => ({ to: '/sessions/$sessionId', params: { sessionId } }) as const,
  result: (sessionId: string) => ({ to: '/sessions/$sessionId/result', params: { sessionId } }) as const,
  prescriptions: (search: { open?: number } = {}) => ({ to: '/prescriptions', search }) as const,
  newPrescription: () => ({ to: '/prescriptions/new' }) as const,
};

export const addresses = {
  qrCode: (sessionId: string) => `/api/v1/finance/qr-codes/${encodeURIComponent(sessionId)}.png`,
  sessionEvents: (sessionId: string) =>
    `/api/v1/finance/payment-sessions/${encodeURIComponent(sessionId)}/events`,
  patientPage: (sessionId: string) => `/pay/${encodeURIComponent(sessionId)}`,
};

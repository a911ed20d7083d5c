import { infiniteQueryOptions, keepPreviousData, QueryClient, queryOptions } from '@tanstack/react-query';
import { ask, Problem } from './client.ts';
import type { BillStatus, PrescriptionState } from './shapes.ts';

/** What was read from the service, kept in memory alone: nothing of a patient stays in the browser. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // A refusal stays a refusal; only silence and trouble of the service are worth asking again.
      retry: (times, error) =>
        times < 2 && !(error instanceof Problem && error.status >= 400 && error.status < 500),
    },
    mutations: { retry: false },
  },
});

const PAGE = 50;

export const staffSession = queryOptions({
  queryKey: ['staff-session'],
  queryFn: ({ signal }) => ask('GET /api/v1/staff-session', {}, { signal }),
  refetchInterval: 30_000,
  staleTime: 20_000,
});

export const billPages = (asked: { status?: BillStatus; q?: string }) =>
  infiniteQueryOptions({
    queryKey: ['bills', asked],
    queryFn: ({ pageParam, signal }) =>
      ask(
        'GET /api/v1/finance/bills',
        { query: { ...asked, limit: PAGE, ...(pageParam === null ? {} : { before_id: pageParam }) } },
        { signal },
      ),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next_before_id,
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
  });

export const billById = (id: number) =>
  queryOptions({
    queryKey: ['bill', id],
    queryFn: ({ signal }) =>
      ask('GET /api/v1/finance/bills/{bill_id}', { path: { bill_id: id } }, { signal }),
  });

/** The bill that a cashier would take next: the one below in the list, else the newest that is unpaid. */
export const nextUnpaidBill = (afterId: number) =>
  queryOptions({
    queryKey: ['next-unpaid-bill', afterId],
    queryFn: async ({ signal }) => {
      const unpaid = { status: 'unpaid', limit: 2 } as const;
      const below = await ask(
        'GET /api/v1/finance/bills',
        { query: { ...unpaid, before_id: afterId } },
        { signal },
      );
      if (below.bills[0] !== undefined) return below.bills[0];
      const newest = await ask('GET /api/v1/finance/bills', { query: unpaid }, { signal });
      return newest.bills.find(({ id }) => id !== afterId) ?? null;
    },
  });

export const paymentMethods = queryOptions({
  queryKey: ['payment-methods'],
  queryFn: ({ signal }) => ask('GET /api/v1/finance/payment-methods', {}, { signal }),
  staleTime: 60_000,
});

export const prescriptionPages = (asked: { state?: PrescriptionState; q?: string }) =>
  infiniteQueryOptions({
    queryKey: ['prescriptions', asked],
    queryFn: ({ pageParam, signal }) =>
      ask(
        'GET /api/v1/prescriptions',
        { query: { ...asked, limit: PAGE, ...(pageParam === null ? {} : { before_id: pageParam }) } },
        { signal },
      ),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.next_before_id,
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  });

export const prescriptionById = (id: number) =>
  queryOptions({
    queryKey: ['prescription', id],
    queryFn: ({ signal }) =>
      ask('GET /api/v1/prescriptions/{prescription_id}', { path: { prescription_id: id } }, { signal }),
  });

export const drugsFor = (q: string) =>
  queryOptions({
    queryKey: ['drugs', q],
    queryFn: ({ signal }) => ask('GET /api/v1/drugs', { query: { q } }, { signal }),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });

export const patientsFor = (q: string) =>
  queryOptions({
    queryKey: ['patients', q],
    queryFn: ({ signal }) => ask('GET /api/v1/patients', { query: { q } }, { signal }),
    placeholderData: keepPreviousData,
  });

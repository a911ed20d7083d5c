import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { Problem } from './api/client.ts';
import { queries, staffSession } from './api/queries.ts';
import { Desk } from './pages/desk.tsx';
import { Broken, NotFound, Waiting } from './pages/trouble.tsx';
import { paths } from './paths.ts';

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  component: lazyRouteComponent(() => import('./pages/login.tsx'), 'LoginPage'),
});

/** Everything behind the login: without a staff session the way leads to the login page. */
const desk = createRoute({
  getParentRoute: () => root,
  id: 'desk',
  component: Desk,
  beforeLoad: async () => {
    try {
      await queries.query({ ...staffSession, staleTime: 'static' });
    } catch (error) {
      if (error instanceof Problem && error.status === 401) throw redirect(paths.login());
      throw error;
    }
  },
});

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect(paths.bills({ status: 'unpaid' }));
  },
});

const STATUSES = ['unpaid', 'paid', 'void'] as const;

const bills = createRoute({
  getParentRoute: () => desk,
  path: '/bills',
  validateSearch: (search: Record<string, unknown>): { status?: (typeof STATUSES)[number]; q?: string } => {
    const status = STATUSES.find((known) => known === search.status);
    return {
      ...(status === undefined ? {} : { status }),
      ...(typeof search.q === 'string' && search.q !== '' ? { q: search.q } : {}),
    };
  },
  component: lazyRouteComponent(() => import('./pages/bills/list.tsx'), 'BillsPage'),
});

const bill = createRoute({
  getParentRoute: () => desk,
  path: '/bills/$id',
  component: lazyRouteComponent(() => import('./pages/bills/bill.tsx'), 'BillPage'),
});

const pay = createRoute({
  getParentRoute: () => desk,
  path: '/bills/$id/pay',
  component: lazyRouteComponent(() => import('./pages/bills/pay.tsx'), 'PayPage'),
});

const session = createRoute({
  getParentRoute: () => desk,
  path: '/sessions/$sessionId',
  component: lazyRouteComponent(() => import('./pages/sessions/session.tsx'), 'SessionPage'),
});

const result = createRoute({
  getParentRoute: () => desk,
  path: '/sessions/$sessionId/result',
  component: lazyRouteComponent(() => import('./pages/sessions/result.tsx'), 'ResultPage'),
});

const prescriptions = createRoute({
  getParentRoute: () => desk,
  path: '/prescriptions',
  validateSearch: (search: Record<string, unknown>): { open?: number } => {
    const open = Number(search.open);
    return Number.isSafeInteger(open) && open > 0 ? { open } : {};
  },
  component: lazyRouteComponent(() => import('./pages/prescriptions/list.tsx'), 'PrescriptionsPage'),
});

const newPrescription = createRoute({
  getParentRoute: () => desk,
  path: '/prescriptions/new',
  component: lazyRouteComponent(() => import('./pages/prescriptions/new.tsx'), 'NewPrescriptionPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    login,
    desk.addChildren([bills, bill, pay, session, result, prescriptions, newPrescription]),
  ]),
  defaultErrorComponent: Broken,
  defaultPendingComponent: Waiting,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

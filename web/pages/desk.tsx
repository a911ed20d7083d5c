import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, Outlet, useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { ask, Problem } from '../api/client.ts';
import { queries, staffSession } from '../api/queries.ts';
import { paths } from '../paths.ts';
import { Brand, Frame } from '../ui/frame.tsx';
import { WorldStripes } from '../ui/world-stripes.tsx';

/** The head and the stripes around every page behind the login. */
export function Desk() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { data: staff, error } = useQuery(staffSession);
  const signOut = useMutation({
    mutationFn: () => ask('DELETE /api/v1/staff-session', {}),
    onSettled: () => {
      queries.clear();
      void navigate(paths.login());
    },
  });
  const signedOut = error instanceof Problem && error.status === 401;
  useEffect(() => {
    if (signedOut) void navigate(paths.login());
  }, [signedOut, navigate]);
  useEffect(() => {
    if (staff !== undefined) document.title = `${t('app.name')} · ${staff.clinic_name}`;
  }, [staff, t]);
  if (staff === undefined) return null;
  return (
    <Frame
      actor={staff.actor}
      today={{ count: staff.today.count, paidFen: staff.today.paid_fen }}
      banner={staff.world === 'live' ? null : <WorldStripes world={staff.world} phoneUrl={staff.phone_url} />}
      brand={
        <Link className="brand" {...paths.bills({ status: 'unpaid' })}>
          <Brand clinicName={staff.clinic_name} />
        </Link>
      }
      navigation={
        <>
          <Link {...paths.bills({ status: 'unpaid' })} activeOptions={{ includeSearch: false }}>
            {t('app.nav.bills')}
          </Link>
          <Link {...paths.prescriptions()} activeOptions={{ includeSearch: false }}>
            {t('app.nav.prescriptions')}
          </Link>
        </>
      }
      onSignOut={() => signOut.mutate()}
    >
      <Outlet />
    </Frame>
  );
}

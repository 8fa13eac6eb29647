-- Whether an account holds a role. SECURITY DEFINER, so that policies on user_roles may ask without asking themselves.
-- A signed-in caller learns of its own roles, administrators and the platform of everybody's; else the answer is no.

CREATE OR REPLACE FUNCTION public.has_role(_user_id uuid, _role text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (
        SELECT FROM public.user_roles AS held
        WHERE held.user_id = _user_id
            AND held.role = _role
            AND (
                _user_id = (SELECT auth.uid())
                OR coalesce((SELECT auth.role()), 'service_role') = 'service_role'
                OR EXISTS (
                    SELECT FROM public.user_roles AS own
                    WHERE own.user_id = (SELECT auth.uid()) AND own.role = 'admin'
                )
            )
    )
$$;

ALTER FUNCTION public.has_role(uuid, text) OWNER TO zplatform;
REVOKE EXECUTE ON FUNCTION public.has_role(uuid, text) FROM PUBLIC;
-- Also to anon: a policy for everybody that asks it must answer no, and not fail.
GRANT EXECUTE ON FUNCTION public.has_role(uuid, text) TO anon, authenticated, service_role, zplatform;

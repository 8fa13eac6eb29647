-- The roles of an account, told to whom public.has_role would tell of them: to the account itself, to administrators and
-- to the platform. Everybody else is answered with none. The parameter has the name that front ends give it.

CREATE OR REPLACE FUNCTION public.get_user_roles(_user_id uuid) RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT held.role FROM public.user_roles AS held
    WHERE held.user_id = _user_id AND public.has_role(_user_id, held.role)
    ORDER BY held.role
$$;

ALTER FUNCTION public.get_user_roles(uuid) OWNER TO zplatform;
REVOKE EXECUTE ON FUNCTION public.get_user_roles(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.get_user_roles(uuid) TO anon, authenticated, service_role;

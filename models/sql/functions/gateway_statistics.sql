-- Statistics of the gateway: rpc('gateway_statistics', { from, to, by }) counts the requests of a time, in all or by what
-- `by` names. It reads the log itself, as the caller, under row security, so any time can be asked for, to the microsecond.
--
-- Percentiles are exact. Requests are counted by their milliseconds first, of which there are few, and the percentile is
-- where the counts reach it: PostgreSQL's percentile_disc gives the same, and sorts every row for it.

CREATE OR REPLACE FUNCTION public.gateway_statistics(
    "from" timestamptz DEFAULT now() - interval '1 day', "to" timestamptz DEFAULT now(), "by" text DEFAULT NULL)
RETURNS TABLE (
    api_key_id uuid, endpoint_id uuid, hour timestamptz, name text, requests bigint, errors bigint, server_errors bigint,
    error_rate double precision, p50_ms integer, p95_ms integer, p99_ms integer, request_bytes bigint,
    response_bytes bigint)
LANGUAGE plpgsql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_from CONSTANT timestamptz := "from";
    v_to CONSTANT timestamptz := "to";
    v_by CONSTANT text := "by";
BEGIN
    IF v_from IS NULL OR v_to IS NULL OR v_from >= v_to THEN
        RAISE EXCEPTION 'Requests from % to % are none', coalesce(v_from::text, 'null'), coalesce(v_to::text, 'null')
            USING ERRCODE = 'PT400', HINT = '"from" must be before "to"; left out, they are a day ago and now';
    ELSIF v_by NOT IN ('key', 'endpoint', 'hour') THEN
        RAISE EXCEPTION 'Requests cannot be counted by "%"', left(v_by, 100)
            USING ERRCODE = 'PT400', HINT = '"by" is "key", "endpoint" or "hour"; left out, all are counted together';
    END IF;
    RETURN QUERY
    WITH counted AS (
        SELECT CASE WHEN v_by = 'key' THEN r.api_key_id END AS key,
               CASE WHEN v_by = 'endpoint' THEN r.endpoint_id END AS endpoint,
               CASE WHEN v_by = 'hour' THEN date_trunc('hour', r.created_at, 'UTC') END AS hour,
               r.response_time_ms AS ms, count(*) AS requests, count(*) FILTER (WHERE r.status_code >= 400) AS errors,
               count(*) FILTER (WHERE r.status_code >= 500) AS server_errors, sum(r.request_size) AS request_bytes,
               sum(r.response_size) AS response_bytes
          FROM public.api_requests r WHERE r.created_at >= v_from AND r.created_at < v_to
         GROUP BY 1, 2, 3, 4
    ), placed AS (
        SELECT c.*, sum(c.requests) OVER (PARTITION BY c.key, c.endpoint, c.hour) AS of_all,
               sum(c.requests) OVER (PARTITION BY c.key, c.endpoint, c.hour ORDER BY c.ms) AS up_to_here
          FROM counted c
    ), summed AS (
        SELECT p.key, p.endpoint, p.hour, sum(p.requests)::bigint AS requests, sum(p.errors)::bigint AS errors,
               sum(p.server_errors)::bigint AS server_errors, sum(p.errors)::float8 / sum(p.requests)::float8 AS error_rate,
               min(p.ms) FILTER (WHERE p.up_to_here >= 0.5 * p.of_all) AS p50,
               min(p.ms) FILTER (WHERE p.up_to_here >= 0.95 * p.of_all) AS p95,
               min(p.ms) FILTER (WHERE p.up_to_here >= 0.99 * p.of_all) AS p99,
               coalesce(sum(p.request_bytes), 0)::bigint AS request_bytes,
               coalesce(sum(p.response_bytes), 0)::bigint AS response_bytes
          FROM placed p GROUP BY p.key, p.endpoint, p.hour
    )
    SELECT s.key, s.endpoint, s.hour, coalesce(k.name, e.name), s.requests, s.errors, s.server_errors, s.error_rate,
           s.p50, s.p95, s.p99, s.request_bytes, s.response_bytes
      FROM summed s
      LEFT JOIN public.api_keys k ON k.id = s.key
      LEFT JOIN public.api_endpoints e ON e.id = s.endpoint
     ORDER BY s.hour, s.requests DESC, s.key, s.endpoint;
END
$$;

COMMENT ON FUNCTION public.gateway_statistics(timestamptz, timestamptz, text) IS
'Requests to your gateway endpoints in a time

How many there were from `from` (a day ago) until before `to` (now), how many of them failed (status 400 and above; 500 and above as `server_errors`), the rate of errors from 0 to 1, percentiles of the time until the last byte in milliseconds, and bytes of bodies. `by` is `key`, `endpoint` or `hour`; left out, it is one row of all. A time without requests has no rows.';

ALTER FUNCTION public.gateway_statistics(timestamptz, timestamptz, text) OWNER TO zowner;
REVOKE ALL ON FUNCTION public.gateway_statistics(timestamptz, timestamptz, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.gateway_statistics(timestamptz, timestamptz, text) TO authenticated, service_role;

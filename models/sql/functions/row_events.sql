-- Events of rows: made from the change log by the transaction that writes it, and only where somebody listens.

-- What a change is called, all names of it.
CREATE OR REPLACE FUNCTION private.row_event_types(p_table text, p_operation text, p_record jsonb, p_old jsonb)
RETURNS text[] LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT array_remove(ARRAY[
        n.name || CASE p_operation WHEN 'insert' THEN '.created' WHEN 'update' THEN '.updated' ELSE '.deleted' END,
        CASE WHEN p_table = 'deals' AND p_operation = 'update' AND p_old ? 'stage' THEN 'deal.stage_changed' END,
        CASE WHEN p_table = 'tutorials' AND p_record->>'status' = 'published' AND (p_operation = 'insert' OR p_old ? 'status')
             THEN 'tutorial.published' END,
        CASE WHEN p_table = 'videos' AND p_record->>'status' = 'ready' AND (p_operation = 'insert' OR p_old ? 'status')
             THEN 'video.ready' END,
        CASE WHEN p_table = 'app_projects' AND (p_record->>'is_published')::boolean
              AND (p_operation = 'insert' OR p_old ? 'is_published') THEN 'app_project.published' END
    ], NULL)
    FROM (SELECT CASE WHEN p_table LIKE '%ies' THEN left(p_table, -3) || 'y' ELSE left(p_table, -1) END AS name) AS n;
$$;

-- The events of what this transaction has logged after a position. A record that is too large for an event is left out:
-- whoever wants it reads the row. Not for an account that is being deleted with all its rows.
CREATE OR REPLACE FUNCTION private.announce_changes(p_after bigint)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_most CONSTANT integer := 128 * 1024;
BEGIN
    INSERT INTO private.events (user_id, source, event_id, type, event, hops, origin, status)
    SELECT c.user_id, s.source, s.id, t.type,
           jsonb_build_object(
               'specversion', '1.0', 'id', s.id, 'source', s.source, 'type', t.type, 'subject', c.row_id,
               'time', to_char(c.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
               'datacontenttype', 'application/json',
               'data', jsonb_build_object(
                   'record', CASE WHEN octet_length(c.record::text) <= v_most THEN c.record END,
                   'old_record', CASE WHEN octet_length(c.old_record::text) <= v_most THEN c.old_record END)),
           coalesce(nullif(current_setting('zilliance.hops', true), '')::integer, private.hops_of(c.execution_id))
               + (c.execution_id IS NOT NULL)::integer,
           coalesce(nullif(current_setting('zilliance.origin', true), '')::bigint, private.origin_of(c.execution_id)),
           'pending'
      FROM private.change_log c
      CROSS JOIN LATERAL unnest(private.row_event_types(c.table_name, c.operation, c.record, c.old_record)) AS t (type)
      CROSS JOIN LATERAL (SELECT '/rest/v1/' || c.table_name AS source,
                                 c.cursor || '-' || split_part(t.type, '.', 2) AS id) AS s
     WHERE c.xid = pg_current_xact_id()::text::bigint AND c.cursor > p_after
       AND EXISTS (SELECT FROM private.event_interests i
                    WHERE i.user_id = c.user_id AND i.type = ANY (private.interested_types(t.type)))
       AND EXISTS (SELECT FROM auth.users u WHERE u.id = c.user_id AND u.deleted_at IS NULL)
     ORDER BY c.cursor
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
        NOTIFY events;
    END IF;
END
$$;

ALTER FUNCTION private.announce_changes(bigint) OWNER TO zplatform;
ALTER FUNCTION private.row_event_types(text, text, jsonb, jsonb) OWNER TO zplatform;
REVOKE ALL ON FUNCTION private.announce_changes(bigint), private.row_event_types(text, text, jsonb, jsonb) FROM PUBLIC;

-- What the standard has a runtime tell of executions: CloudEvents in the owner's stream, written with the row's own change, and
-- only where one of the owner's listeners asks for such a type by its name or a pattern.

DROP FUNCTION IF EXISTS private.announce_run(uuid);
DROP FUNCTION IF EXISTS private.run_events(public.workflow_executions, text);

-- The events of a change of an execution: p_word says which, and p_mark tells it from another of its kind. With its end
-- come those of its tasks.
CREATE OR REPLACE FUNCTION private.announce_run(p_execution_id uuid, p_word text, p_mark bigint)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_run public.workflow_executions;
    v_hops integer;
    v_origin bigint;
BEGIN
    SELECT * INTO v_run FROM public.workflow_executions e WHERE e.id = p_execution_id;
    IF NOT EXISTS (SELECT FROM private.event_interests i
                    WHERE i.user_id = v_run.user_id AND (i.type = '' OR i.type LIKE 'io.serverlessworkflow.%')) THEN
        RETURN;
    END IF;
    v_hops := 1 + coalesce(nullif(current_setting('zilliance.hops', true), '')::integer, private.hops_of(p_execution_id));
    v_origin := coalesce(nullif(current_setting('zilliance.origin', true), '')::bigint, private.origin_of(p_execution_id));
    INSERT INTO private.events (user_id, source, event_id, type, event, hops, origin, status)
    SELECT v_run.user_id, s.source, t.id, t.type,
           jsonb_strip_nulls(jsonb_build_object(
               'specversion', '1.0', 'id', t.id, 'source', s.source, 'type', t.type, 'subject', t.subject, 'time', t.at,
               'datacontenttype', 'application/json')) || jsonb_build_object('data', t.data),
           v_hops, v_origin, 'pending'
      FROM (SELECT '/workflows/v1/executions/' || p_execution_id AS source) AS s
      CROSS JOIN LATERAL (
          SELECT * FROM private.run_events(v_run, s.source, p_word, p_mark)
          UNION ALL
          SELECT * FROM private.task_events(v_run, s.source)
      ) AS t
     WHERE EXISTS (SELECT FROM private.event_interests i
                    WHERE i.user_id = v_run.user_id AND i.type = ANY (private.interested_types(t.type)))
       AND EXISTS (SELECT FROM auth.users u WHERE u.id = v_run.user_id AND u.deleted_at IS NULL)
     ORDER BY t.at, t.place
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
        NOTIFY events;
    END IF;
END
$$;

-- An output that is worth to travel with the event; where it is, the event says in any case.
CREATE OR REPLACE FUNCTION private.small_output(p_output jsonb)
RETURNS jsonb LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN p_output IS NULL OR octet_length(p_output::text) >= 8192 THEN '{}'::jsonb
                ELSE jsonb_build_object('output', p_output) END;
$$;

-- `<name>-<id>.<namespace>`, as the standard names one run.
CREATE OR REPLACE FUNCTION private.run_name(p_run public.workflow_executions, OUT name text, OUT definition jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT d.name || '-' || p_run.id || '.' || d.namespace,
           jsonb_build_object('name', d.name, 'namespace', d.namespace, 'version', d.version)
      FROM public.workflows w
      LEFT JOIN private.workflow_versions v ON (v.workflow_id, v.version) = (p_run.workflow_id, p_run.version)
      CROSS JOIN LATERAL (
          SELECT coalesce(v.config #>> '{document,name}',
                          trim(BOTH '-' FROM regexp_replace(lower(w.name), '[^a-z0-9]+', '-', 'g'))) AS name,
                 coalesce(v.config #>> '{document,namespace}', 'default') AS namespace,
                 coalesce(v.config #>> '{document,version}', '0.1.0') AS version
      ) AS d
     WHERE w.id = p_run.workflow_id;
$$;

CREATE OR REPLACE FUNCTION private.run_events(
    p_run public.workflow_executions, p_source text, p_word text, p_mark bigint
) RETURNS TABLE (id text, type text, subject text, at text, data jsonb, place bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT p_word || CASE WHEN p_word IN ('suspended', 'resumed') THEN '-' || p_mark ELSE '' END,
           'io.serverlessworkflow.workflow.' || p_word || '.v1', NULL, to_json(m.at) #>> '{}',
           jsonb_build_object('name', n.name, p_word || 'At', m.at) || CASE p_word
               WHEN 'started' THEN jsonb_build_object('definition', n.definition)
               WHEN 'completed' THEN jsonb_build_object('outputUri', p_source) || private.small_output(p_run.result_data)
               WHEN 'faulted' THEN jsonb_build_object('error', p_run.error)
               ELSE '{}'::jsonb END,
           1000000 * (p_word <> 'started')::integer
      FROM private.run_name(p_run) AS n,
           LATERAL (SELECT CASE WHEN p_word = 'started' THEN coalesce(p_run.started_at, p_run.created_at)
                                ELSE coalesce(p_run.completed_at, clock_timestamp()) END AS at) AS m;
$$;

-- An execution's tasks are known with its end, and told then, with the times at which they were so.
CREATE OR REPLACE FUNCTION private.task_events(p_run public.workflow_executions, p_source text)
RETURNS TABLE (id text, type text, subject text, at text, data jsonb, place bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.place || '-' || e.word, 'io.serverlessworkflow.task.' || e.word || '.v1', left(e.task, 1000), e.at,
           jsonb_build_object('workflow', n.name, 'task', e.task, e.word || 'At', e.at) || e.more,
           t.place * 10 + e.rank
      FROM private.run_name(p_run) AS n,
           jsonb_array_elements(p_run.tasks) WITH ORDINALITY AS t (task, place),
           LATERAL (SELECT t.task->>'reference' AS reference, t.task->>'status' AS status,
                           t.task->>'started_at' AS started, t.task->>'completed_at' AS ended,
                           regexp_match(t.task->>'reference', '^(.+)/try/0/[^/]+$') AS inside) AS f
      CROSS JOIN LATERAL (VALUES
          (0, 'retried', f.inside[1], f.started, '{}'::jsonb,
           f.inside IS NOT NULL AND coalesce(t.task->>'iteration', '') ~ '(^|[.])r[0-9]+@[0-9]+$'),
          (1, 'created', f.reference, f.started, '{}', true),
          (2, 'started', f.reference, f.started, '{}', f.status <> 'skipped'),
          (3, 'completed', f.reference, f.ended,
           jsonb_build_object('outputUri', p_source || '/tasks') || private.small_output(t.task->'output'),
           f.status IN ('completed', 'compensated', 'compensation_failed')),
          (4, 'faulted', f.reference, f.ended, jsonb_build_object('error', t.task->'error'), f.status = 'faulted'),
          (5, 'cancelled', f.reference, f.ended, '{}', f.status = 'cancelled')
      ) AS e (rank, word, task, at, more, applies)
     WHERE p_run.status IN ('completed', 'failed', 'cancelled') AND jsonb_typeof(p_run.tasks) = 'array'
       AND f.reference <> '' AND e.applies AND e.at IS NOT NULL;
$$;

ALTER FUNCTION private.announce_run(uuid, text, bigint) OWNER TO zplatform;
ALTER FUNCTION private.run_name(public.workflow_executions) OWNER TO zplatform;
ALTER FUNCTION private.run_events(public.workflow_executions, text, text, bigint) OWNER TO zplatform;
ALTER FUNCTION private.task_events(public.workflow_executions, text) OWNER TO zplatform;
ALTER FUNCTION private.small_output(jsonb) OWNER TO zplatform;
REVOKE ALL ON FUNCTION private.announce_run(uuid, text, bigint), private.run_name(public.workflow_executions),
    private.run_events(public.workflow_executions, text, text, bigint), private.task_events(public.workflow_executions, text),
    private.small_output(jsonb)
FROM PUBLIC;

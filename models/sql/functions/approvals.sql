-- Approvals: asked by a workflow, decided once by one of the people it asks. The owner of the execution sees all of it;
-- an approver sees the question, who asks, and what was decided. Nobody else sees that it exists.

-- Writes the question down, once for its key, and a message to everybody who may answer it. ZW400: unknown approvers.
CREATE OR REPLACE FUNCTION private.request_approval(
    p_execution_id uuid, p_key text, p_owner uuid, p_title text, p_body text, p_form jsonb, p_approvers uuid[],
    p_role text, p_link text, p_most_an_hour integer
) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_id uuid;
    v_unknown uuid;
    v_recipient record;
BEGIN
    SELECT a.id INTO v_id FROM private.approvals a WHERE (a.execution_id, a.key) = (p_execution_id, p_key);
    IF FOUND THEN
        RETURN v_id;
    END IF;
    SELECT each INTO v_unknown FROM unnest(p_approvers) each
     WHERE NOT EXISTS (SELECT FROM auth.users u WHERE u.id = each AND u.deleted_at IS NULL) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'approvers: there is no account "%"', v_unknown USING ERRCODE = 'ZW400';
    END IF;
    IF (SELECT count(*) FROM private.approvals a WHERE a.user_id = p_owner AND a.status = 'pending') >= 1000 THEN
        RAISE EXCEPTION 'an account may have 1000 approvals open at once: decide or cancel some' USING ERRCODE = 'ZW429';
    END IF;
    INSERT INTO private.approvals (user_id, execution_id, key, title, body, form, approvers, role)
    VALUES (p_owner, p_execution_id, p_key, p_title, p_body, p_form, p_approvers, p_role)
    ON CONFLICT (execution_id, key) DO UPDATE SET key = excluded.key RETURNING id INTO v_id;
    FOR v_recipient IN
        SELECT u.email, row_number() OVER (ORDER BY u.id) AS place FROM auth.users u
         WHERE u.deleted_at IS NULL AND u.email IS NOT NULL AND u.email <> ''
           AND (u.id = ANY (p_approvers) OR EXISTS (
                SELECT FROM public.user_roles r WHERE r.user_id = u.id AND r.role = p_role))
         ORDER BY u.id LIMIT 50
    LOOP
        PERFORM private.queue_mail(
            p_execution_id, p_key, p_owner, v_recipient.place::integer, ARRAY[v_recipient.email], p_title,
            concat_ws(E'\n\n', p_body, 'You are asked to approve or reject this.', p_link || v_id::text), NULL,
            p_most_an_hour);
    END LOOP;
    RETURN v_id;
END
$$;

-- What the workflow is told.
CREATE OR REPLACE FUNCTION private.decision_body(a private.approvals)
RETURNS jsonb LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object('decision', a.status, 'by', a.decided_by, 'at', a.decided_at, 'comment', a.comment,
                              'data', a.data)
$$;

DROP FUNCTION IF EXISTS private.withdraw_approval(uuid, text, text);
DROP FUNCTION IF EXISTS private.close_callback(uuid, text);

-- Nobody may decide any more: the workflow has stopped waiting. What was decided before that, or null.
CREATE FUNCTION private.withdraw_approval(p_execution_id uuid, p_key text, p_status text)
RETURNS jsonb LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE private.approvals SET status = p_status
     WHERE (execution_id, key) = (p_execution_id, p_key) AND status = 'pending';
    UPDATE private.mails SET failed_at = now(), text = NULL, html = NULL
     WHERE (execution_id, key) = (p_execution_id, p_key) AND sent_at IS NULL AND failed_at IS NULL;
    SELECT private.decision_body(a) FROM private.approvals a
     WHERE (a.execution_id, a.key) = (p_execution_id, p_key) AND a.status IN ('approved', 'rejected');
$$;

-- Whether the caller may decide.
CREATE OR REPLACE FUNCTION private.is_approver(p_approvers uuid[], p_role text)
RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT auth.uid() = ANY (p_approvers) OR EXISTS (
        SELECT FROM public.user_roles r WHERE r.user_id = auth.uid() AND r.role = p_role)
$$;

-- An approval as the caller may see it. One whose execution has ended without it is withdrawn, whatever ended it.
CREATE OR REPLACE FUNCTION private.approval_view(a private.approvals)
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object(
            'id', a.id, 'title', a.title, 'body', a.body, 'form', a.form,
            'status', CASE WHEN a.status = 'pending' AND e.status NOT IN ('pending', 'running') THEN 'withdrawn'
                ELSE a.status END,
            'requested_by', jsonb_build_object('id', a.user_id, 'name', (
                SELECT coalesce(p.display_name, nullif(concat_ws(' ', p.first_name, p.last_name), ''))
                  FROM public.profiles p WHERE p.id = a.user_id)),
            'created_at', a.created_at, 'decided_at', a.decided_at,
            'can_decide', a.status = 'pending' AND e.status IN ('pending', 'running')
                AND private.is_approver(a.approvers, a.role))
        || CASE WHEN a.user_id = auth.uid() THEN jsonb_build_object(
            'execution_id', a.execution_id, 'workflow_id', e.workflow_id, 'task', split_part(a.key, '#', 1),
            'approvers', to_jsonb(a.approvers), 'role', a.role) ELSE '{}' END
        || CASE WHEN a.user_id = auth.uid() OR a.decided_by = auth.uid() THEN jsonb_build_object(
            'decided_by', a.decided_by, 'comment', a.comment, 'data', a.data) ELSE '{}' END
      FROM public.workflow_executions e WHERE e.id = a.execution_id
$$;

-- The caller's approvals, newest first: those that are asked of him (`assigned`) or those that he asks (`requested`).
CREATE OR REPLACE FUNCTION private.list_approvals(p_box text, p_status text, p_after uuid, p_limit integer)
RETURNS SETOF jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT v.view FROM private.approvals a CROSS JOIN LATERAL (SELECT private.approval_view(a) AS view) v
     WHERE CASE WHEN p_box = 'requested' THEN a.user_id = auth.uid()
           ELSE a.approvers @> ARRAY[auth.uid()] OR a.role IN (
                SELECT r.role FROM public.user_roles r WHERE r.user_id = auth.uid()) END
       AND (p_after IS NULL OR a.id < p_after)
       AND (p_status IS NULL OR v.view->>'status' = p_status)
     ORDER BY a.id DESC LIMIT p_limit;
$$;

CREATE OR REPLACE FUNCTION private.find_approval(p_id uuid)
RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT private.approval_view(a) FROM private.approvals a
     WHERE a.id = p_id AND (a.user_id = auth.uid() OR private.is_approver(a.approvers, a.role));
$$;

-- The caller decides. No row: there is none that he sees. decided false: it is not open any more, or not his to decide.
CREATE OR REPLACE FUNCTION private.decide_approval(
    p_id uuid, p_status text, p_comment text, p_data jsonb,
    OUT decided boolean, OUT may_decide boolean, OUT view jsonb, OUT execution_id uuid, OUT key text, OUT body jsonb
) RETURNS SETOF record LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_approval private.approvals;
BEGIN
    SELECT * INTO v_approval FROM private.approvals a
     WHERE a.id = p_id AND (a.user_id = auth.uid() OR private.is_approver(a.approvers, a.role)) FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    may_decide := private.is_approver(v_approval.approvers, v_approval.role);
    view := private.approval_view(v_approval);
    decided := (view->>'can_decide')::boolean;
    IF decided THEN
        UPDATE private.approvals a SET status = p_status, decided_by = auth.uid(), decided_at = now(), comment = p_comment,
               data = p_data WHERE a.id = p_id RETURNING * INTO v_approval;
        view := private.approval_view(v_approval);
        execution_id := v_approval.execution_id;
        key := v_approval.key;
        body := private.decision_body(v_approval);
    END IF;
    RETURN NEXT;
END
$$;

-- Decisions and callbacks that are written and that their executions, still open, may not have heard of.
DROP FUNCTION IF EXISTS private.undelivered_answers(integer);
DROP FUNCTION IF EXISTS private.undelivered_answers(integer, uuid[]);

CREATE FUNCTION private.undelivered_answers(p_limit integer, p_without uuid[])
RETURNS TABLE (kind text, id uuid, execution_id uuid, key text, body jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    (SELECT 'approval', a.id, a.execution_id, a.key, private.decision_body(a) FROM private.approvals a
      WHERE a.decided_at < clock_timestamp() - interval '2 seconds' AND a.delivered_at IS NULL AND a.id <> ALL (p_without)
      ORDER BY a.decided_at LIMIT p_limit)
    UNION ALL
    (SELECT 'callback', c.id, c.execution_id, c.key, c.body FROM private.callbacks c
      WHERE c.received_at < clock_timestamp() - interval '2 seconds' AND c.delivered_at IS NULL AND c.id <> ALL (p_without)
      ORDER BY c.received_at LIMIT p_limit)
$$;

CREATE OR REPLACE FUNCTION private.mark_answer_delivered(p_kind text, p_id uuid)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF p_kind = 'approval' THEN
        UPDATE private.approvals SET delivered_at = now() WHERE id = p_id;
    ELSE
        UPDATE private.callbacks SET delivered_at = now() WHERE id = p_id;
    END IF;
END
$$;

-- Callbacks: a token opens one task of one execution, once.

CREATE OR REPLACE FUNCTION private.open_callback(p_execution_id uuid, p_key text, p_owner uuid, p_token_hash bytea)
RETURNS uuid LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO private.callbacks (user_id, execution_id, key, token_hash)
    VALUES (p_owner, p_execution_id, p_key, p_token_hash)
    ON CONFLICT (execution_id, key) DO UPDATE SET key = excluded.key RETURNING id
$$;

-- Nobody may answer any more. What was answered before that, or null.
CREATE FUNCTION private.close_callback(p_execution_id uuid, p_key text)
RETURNS jsonb LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE private.callbacks SET status = 'closed'
     WHERE (execution_id, key) = (p_execution_id, p_key) AND status = 'waiting';
    SELECT coalesce(c.body, 'null') FROM private.callbacks c
     WHERE (c.execution_id, c.key) = (p_execution_id, p_key) AND c.status = 'received';
$$;

-- Writes the answer down. No row: no such token. taken false: it was answered before, or nobody waits any longer.
CREATE OR REPLACE FUNCTION private.answer_callback(
    p_token_hash bytea, p_body jsonb, OUT taken boolean, OUT id uuid, OUT execution_id uuid, OUT key text
) RETURNS SETOF record LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_callback private.callbacks;
BEGIN
    SELECT * INTO v_callback FROM private.callbacks c WHERE c.token_hash = p_token_hash FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    taken := v_callback.status = 'waiting' AND EXISTS (
        SELECT FROM public.workflow_executions e WHERE e.id = v_callback.execution_id AND e.status IN ('pending', 'running'));
    IF taken THEN
        UPDATE private.callbacks c SET status = 'received', body = p_body, received_at = now() WHERE c.id = v_callback.id;
    END IF;
    id := v_callback.id;
    execution_id := v_callback.execution_id;
    key := v_callback.key;
    RETURN NEXT;
END
$$;

-- Owners and rights.
CALL private.give_to_platform(ARRAY[
    'request_approval', 'withdraw_approval', 'is_approver', 'approval_view', 'list_approvals', 'find_approval',
    'decide_approval', 'decision_body', 'undelivered_answers', 'mark_answer_delivered', 'open_callback',
    'close_callback', 'answer_callback'
]);
GRANT EXECUTE ON FUNCTION
    private.request_approval(uuid, text, uuid, text, text, jsonb, uuid[], text, text, integer),
    private.withdraw_approval(uuid, text, text), private.undelivered_answers(integer, uuid[]),
    private.mark_answer_delivered(text, uuid), private.open_callback(uuid, text, uuid, bytea),
    private.close_callback(uuid, text)
TO zworker;
GRANT EXECUTE ON FUNCTION private.list_approvals(text, text, uuid, integer), private.find_approval(uuid),
    private.decide_approval(uuid, text, text, jsonb) TO authenticated;
GRANT EXECUTE ON FUNCTION private.answer_callback(bytea, jsonb), private.mark_answer_delivered(text, uuid) TO zservice;
GRANT SELECT, INSERT, UPDATE ON private.approvals, private.callbacks TO zplatform;
GRANT SELECT ON public.profiles, public.user_roles, auth.users TO zplatform;

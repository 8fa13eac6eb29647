-- The table functions of workflows. Each call is one transaction that claims its key, acts as the execution's owner
-- under row security and column grants, and keeps what it answered and how it is undone; a repeat is told the
-- recorded answer. SECURITY INVOKER where a role is taken: PostgreSQL refuses that inside SECURITY DEFINER.
-- Errors: ZW400 the arguments are wrong, ZW404 no such row, ZW409 changed meanwhile, ZW410 undone before it was done,
-- ZW413 too large.

DROP FUNCTION IF EXISTS private.effect_columns(text, text);

-- Columns of a table that `authenticated` may use for p_verb, in their order. The catalogue is the only source of
-- names for the statements below, so nothing that a workflow says becomes part of a statement.
CREATE FUNCTION private.effect_columns(p_table text, p_verb text)
RETURNS TABLE (name text, type text) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_table regclass;
BEGIN
    SELECT c.oid INTO v_table FROM pg_catalog.pg_class c
     WHERE c.relnamespace = 'public'::regnamespace AND c.relname = p_table
       AND c.relkind IN ('r', 'p') AND c.relrowsecurity;
    IF v_table IS NULL THEN
        RAISE EXCEPTION 'there is no table "%"', p_table USING ERRCODE = 'ZW400';
    END IF;
    RETURN QUERY SELECT a.attname::text, format_type(a.atttypid, a.atttypmod)
      FROM pg_catalog.pg_attribute a
     WHERE a.attrelid = v_table AND a.attnum > 0 AND NOT a.attisdropped
       AND has_column_privilege('authenticated', v_table, a.attnum, p_verb)
     ORDER BY a.attnum;
END
$$;

-- The names in p_values as an identifier list with p_prefix; refuses one that is no column of the table.
CREATE OR REPLACE FUNCTION private.effect_names(p_table text, p_values jsonb, p_prefix text)
RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_unknown text;
    v_names text;
BEGIN
    PERFORM private.effect_columns(p_table, 'SELECT');
    SELECT k INTO v_unknown FROM jsonb_object_keys(p_values) k
     WHERE NOT EXISTS (
        SELECT FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = format('public.%I', p_table)::regclass AND a.attname = k
           AND a.attnum > 0 AND NOT a.attisdropped)
     ORDER BY k LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'table "%" has no column "%"', p_table, v_unknown USING ERRCODE = 'ZW400';
    END IF;
    SELECT string_agg(p_prefix || quote_ident(k), ', ' ORDER BY k) INTO v_names FROM jsonb_object_keys(p_values) k;
    RETURN v_names;
END
$$;

-- Row `t` as one JSON object expression, with the columns asked for or, with null, all that may be read.
CREATE OR REPLACE FUNCTION private.effect_readable(p_table text, p_select text[] DEFAULT NULL)
RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_names text[] := ARRAY(SELECT c.name FROM private.effect_columns(p_table, 'SELECT') c);
    v_unknown text;
BEGIN
    SELECT n INTO v_unknown FROM unnest(p_select) n WHERE n <> ALL (v_names) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'table "%" has no column "%" to read', p_table, v_unknown USING ERRCODE = 'ZW400';
    END IF;
    RETURN format('(SELECT to_jsonb(r) FROM (SELECT %s) AS r)',
                  (SELECT string_agg(format('t.%I', n), ', ') FROM unnest(coalesce(p_select, v_names)) n));
END
$$;

-- Claims a key: null when it is ours to do now, else the recorded answer. A second attempt that comes while the
-- first is under way waits for it at the primary key.
CREATE OR REPLACE FUNCTION private.effect_claim(p_execution_id uuid, p_key text, OUT fresh boolean, OUT answer jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_undone timestamptz;
BEGIN
    -- The log of changes says which execution made them.
    PERFORM set_config('zilliance.execution', p_execution_id::text, true);
    INSERT INTO private.effects (execution_id, key) VALUES (p_execution_id, p_key) ON CONFLICT DO NOTHING;
    fresh := FOUND;
    IF fresh THEN
        RETURN;
    END IF;
    SELECT e.result, e.undone_at INTO answer, v_undone FROM private.effects e
     WHERE e.execution_id = p_execution_id AND e.key = p_key;
    IF v_undone IS NOT NULL THEN
        RAISE EXCEPTION 'step "%" was undone before it was done', p_key USING ERRCODE = 'ZW410';
    END IF;
END
$$;

-- An answer that is too large takes its change with it: the workflow would not know of it, nor undo it.
CREATE OR REPLACE FUNCTION private.effect_record(p_execution_id uuid, p_key text, p_result jsonb, p_undo jsonb)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF octet_length(p_result::text) > 4 * 1024 * 1024 THEN
        RAISE EXCEPTION 'the row is larger than 4 MiB, the most that a step of a workflow can answer with'
            USING ERRCODE = 'ZW413';
    END IF;
    UPDATE private.effects SET result = p_result, undo = p_undo WHERE execution_id = p_execution_id AND key = p_key;
END
$$;

-- The rest of this transaction acts as the owner, until it takes the role `none` again: the login itself.
CREATE OR REPLACE FUNCTION private.effect_act_as(p_owner uuid)
RETURNS void LANGUAGE sql SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
    SELECT set_config('request.jwt.claims', json_build_object('sub', p_owner, 'role', 'authenticated')::text, true),
           set_config('role', 'authenticated', true);
$$;

-- A row with all its columns, locked. It reads what the owner may not (a key's hash), so that it can come back whole;
-- what it reads is only ever kept for the undo, and only when the owner's own statement then finds the row.
CREATE OR REPLACE FUNCTION private.effect_whole(p_table text, p_id uuid)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_row jsonb;
BEGIN
    PERFORM private.effect_columns(p_table, 'SELECT');
    EXECUTE format('SELECT to_jsonb(t) FROM public.%I AS t WHERE t.id = $1 FOR UPDATE', p_table) INTO v_row USING p_id;
    RETURN v_row;
END
$$;

CREATE OR REPLACE FUNCTION private.effect_create_row(
    p_execution_id uuid, p_key text, p_owner uuid, p_table text, p_values jsonb
) RETURNS jsonb LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_claim record;
    v_names text := private.effect_names(p_table, p_values, '');
    v_readable text := private.effect_readable(p_table);
    v_row jsonb;
BEGIN
    SELECT * INTO v_claim FROM private.effect_claim(p_execution_id, p_key);
    IF NOT v_claim.fresh THEN
        RETURN v_claim.answer;
    END IF;
    PERFORM private.effect_act_as(p_owner);
    EXECUTE CASE WHEN v_names IS NULL
        THEN format('INSERT INTO public.%I AS t DEFAULT VALUES RETURNING %s', p_table, v_readable)
        ELSE format('INSERT INTO public.%1$I AS t (%2$s) SELECT %2$s FROM jsonb_populate_record(NULL::public.%1$I, $1)'
                    ' RETURNING %3$s', p_table, v_names, v_readable) END
        INTO v_row USING p_values;
    PERFORM set_config('role', 'none', true);
    PERFORM private.effect_record(p_execution_id, p_key, v_row, jsonb_build_object(
        'op', 'delete', 'table', p_table, 'id', v_row->'id', 'version', v_row->'updated_at'));
    RETURN v_row;
END
$$;

-- Refuses when the row that was found is not the version that the caller had read.
CREATE OR REPLACE FUNCTION private.effect_expect(p_table text, p_found jsonb, p_version timestamptz)
RETURNS void LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (p_found->>'updated_at')::timestamptz <> p_version THEN
        RAISE EXCEPTION 'row "%" of table "%" was changed at %: not the version expected',
            p_found->>'id', p_table, p_found->>'updated_at' USING ERRCODE = 'ZW409';
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION private.effect_update_row(
    p_execution_id uuid, p_key text, p_owner uuid, p_table text, p_id uuid, p_values jsonb, p_expect_version timestamptz
) RETURNS jsonb LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_claim record;
    v_names text := private.effect_names(p_table, p_values, '');
    v_new_names text := private.effect_names(p_table, p_values, 'n.');
    v_readable text := private.effect_readable(p_table);
    v_before jsonb;
    v_row jsonb;
BEGIN
    IF v_names IS NULL THEN
        RAISE EXCEPTION 'values names no column to change' USING ERRCODE = 'ZW400';
    END IF;
    SELECT * INTO v_claim FROM private.effect_claim(p_execution_id, p_key);
    IF NOT v_claim.fresh THEN
        RETURN v_claim.answer;
    END IF;
    v_before := private.effect_whole(p_table, p_id);
    PERFORM private.effect_act_as(p_owner);
    EXECUTE format('UPDATE public.%1$I AS t SET (%2$s) = ROW(%3$s) FROM jsonb_populate_record(NULL::public.%1$I, $2) AS n'
                   ' WHERE t.id = $1 RETURNING %4$s', p_table, v_names, v_new_names, v_readable)
        INTO v_row USING p_id, p_values;
    PERFORM set_config('role', 'none', true);
    IF v_row IS NULL THEN
        RAISE EXCEPTION 'table "%" has no row "%" that may be changed', p_table, p_id USING ERRCODE = 'ZW404';
    END IF;
    PERFORM private.effect_expect(p_table, v_before, p_expect_version);
    PERFORM private.effect_record(p_execution_id, p_key, v_row, jsonb_build_object(
        'op', 'restore', 'table', p_table, 'id', p_id, 'version', v_row->'updated_at',
        'version_before', v_before->'updated_at',
        'values', (SELECT jsonb_object_agg(k, v_before->k) FROM jsonb_object_keys(p_values) k)));
    RETURN v_row;
END
$$;

-- The rows that refer to this one, by foreign key: [{table, column, action, rows: {id: updated_at}}].
CREATE OR REPLACE FUNCTION private.effect_references(p_table text, p_id uuid)
RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_key record;
    v_rows jsonb;
    v_all jsonb := '[]';
BEGIN
    FOR v_key IN
        SELECT c.conrelid::regclass::text AS child, c.confdeltype AS action, a.attname AS name
          FROM pg_catalog.pg_constraint c
          JOIN pg_catalog.pg_attribute i ON i.attrelid = c.confrelid AND i.attname = 'id'
          JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid
           AND a.attnum = c.conkey[array_position(c.confkey, i.attnum)]
         WHERE c.contype = 'f' AND c.conenforced AND c.confrelid = format('public.%I', p_table)::regclass
           -- What has no id of its own is counted of the row, and goes with it.
           AND EXISTS (SELECT FROM pg_catalog.pg_attribute own WHERE own.attrelid = c.conrelid AND own.attname = 'id')
    LOOP
        EXECUTE format('SELECT jsonb_object_agg(t.id, t.updated_at) FROM %s AS t WHERE t.%I = $1', v_key.child, v_key.name)
            INTO v_rows USING p_id;
        IF v_rows IS NOT NULL THEN
            v_all := v_all || jsonb_build_object(
                'table', v_key.child, 'column', v_key.name, 'action', v_key.action, 'rows', v_rows);
        END IF;
    END LOOP;
    RETURN v_all;
END
$$;

CREATE OR REPLACE FUNCTION private.effect_delete_row(
    p_execution_id uuid, p_key text, p_owner uuid, p_table text, p_id uuid, p_expect_version timestamptz
) RETURNS jsonb LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_claim record;
    v_readable text := private.effect_readable(p_table);
    v_row jsonb;
    v_before jsonb;
    v_references jsonb;
    v_child text;
BEGIN
    SELECT * INTO v_claim FROM private.effect_claim(p_execution_id, p_key);
    IF NOT v_claim.fresh THEN
        RETURN v_claim.answer;
    END IF;
    v_before := private.effect_whole(p_table, p_id);
    v_references := private.effect_references(p_table, p_id);
    PERFORM private.effect_act_as(p_owner);
    EXECUTE format('DELETE FROM public.%I AS t WHERE t.id = $1 RETURNING %s', p_table, v_readable)
        INTO v_row USING p_id;
    PERFORM set_config('role', 'none', true);
    IF v_row IS NULL THEN
        RAISE EXCEPTION 'table "%" has no row "%" that may be deleted', p_table, p_id USING ERRCODE = 'ZW404';
    END IF;
    PERFORM private.effect_expect(p_table, v_before, p_expect_version);
    SELECT r->>'table' INTO v_child FROM jsonb_array_elements(v_references) r WHERE r->>'action' = 'c' LIMIT 1;
    IF FOUND THEN
        -- Rollback could not bring those back.
        RAISE EXCEPTION 'rows of "%" would be deleted with row "%" of table "%": delete them first',
            v_child, p_id, p_table USING ERRCODE = 'ZW409';
    END IF;
    PERFORM private.effect_record(p_execution_id, p_key, v_row, jsonb_build_object(
        'op', 'insert', 'table', p_table, 'id', p_id, 'version_before', v_before->'updated_at',
        'values', v_before, 'references', v_references));
    RETURN v_row;
END
$$;

CREATE OR REPLACE FUNCTION private.effect_get_row(p_owner uuid, p_table text, p_id uuid, p_select text[])
RETURNS jsonb LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_readable text := private.effect_readable(p_table, p_select);
    v_row jsonb;
BEGIN
    PERFORM private.effect_act_as(p_owner);
    EXECUTE format('SELECT %s FROM public.%I AS t WHERE t.id = $1', v_readable, p_table) INTO v_row USING p_id;
    PERFORM set_config('role', 'none', true);
    IF v_row IS NULL THEN
        RAISE EXCEPTION 'table "%" has no row "%"', p_table, p_id USING ERRCODE = 'ZW404';
    END IF;
    RETURN v_row;
END
$$;

-- One condition of a filter as SQL over $1, the filter itself: values never become part of the statement.
CREATE OR REPLACE FUNCTION private.effect_condition(p_name text, p_type text, p_operator text, p_value jsonb)
RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_sign text := '{"eq":"=","neq":"<>","gt":">","gte":">=","lt":"<","lte":"<=","like":"LIKE","ilike":"ILIKE"}'::jsonb
        ->> p_operator;
    v_value text := format('($1 #>> %L)', ARRAY[p_name, p_operator]);
BEGIN
    IF p_value = 'null'::jsonb AND p_operator IN ('eq', 'is') THEN
        RETURN format('t.%I IS NULL', p_name);
    ELSIF p_value = 'null'::jsonb AND p_operator = 'neq' THEN
        RETURN format('t.%I IS NOT NULL', p_name);
    ELSIF p_operator IN ('like', 'ilike') THEN
        RETURN format('t.%I::text %s %s', p_name, v_sign, v_value);
    ELSIF v_sign IS NOT NULL THEN
        RETURN format('t.%I %s %s::%s', p_name, v_sign, v_value, p_type);
    ELSIF p_operator = 'in' AND jsonb_typeof(p_value) = 'array' THEN
        RETURN format('t.%I = ANY (ARRAY(SELECT jsonb_array_elements_text($1 #> %L))::%s[])',
                      p_name, ARRAY[p_name, p_operator], p_type);
    END IF;
    RAISE EXCEPTION 'filter on "%": "%" is not one of eq, neq, gt, gte, lt, lte, like, ilike, in (with a list)',
        p_name, p_operator USING ERRCODE = 'ZW400';
END
$$;

-- p_filter is {column: {operator: value}}; p_order names columns, p_falling says of each whether it falls.
CREATE OR REPLACE FUNCTION private.effect_query_rows(
    p_owner uuid, p_table text, p_filter jsonb, p_select text[], p_order text[], p_falling boolean[], p_limit integer
) RETURNS jsonb LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_readable text := private.effect_readable(p_table, p_select);
    v_where text;
    v_order text;
    v_rows jsonb;
BEGIN
    -- For its refusals of unknown names alone.
    PERFORM private.effect_readable(p_table, p_order || ARRAY(SELECT jsonb_object_keys(p_filter)));
    SELECT string_agg(private.effect_condition(f.key, c.type, o.key, o.value), ' AND ') INTO v_where
      FROM jsonb_each(p_filter) f
      JOIN private.effect_columns(p_table, 'SELECT') c ON c.name = f.key, jsonb_each(f.value) o;
    SELECT string_agg(format('t.%I %s, ', o.name, CASE WHEN o.falls THEN 'DESC' ELSE 'ASC' END), '' ORDER BY o.place)
      INTO v_order FROM unnest(p_order, p_falling) WITH ORDINALITY AS o (name, falls, place);
    PERFORM private.effect_act_as(p_owner);
    -- The id last: rows that are equal in every other column of the order keep one order.
    EXECUTE format('SELECT coalesce(jsonb_agg(p.r), ''[]'') FROM ('
                   'SELECT %s AS r FROM public.%I AS t WHERE %s ORDER BY %s t.id LIMIT $2) AS p',
                   v_readable, p_table, coalesce(v_where, 'true'), coalesce(v_order, ''))
        INTO v_rows USING p_filter, p_limit;
    PERFORM set_config('role', 'none', true);
    RETURN v_rows;
END
$$;

-- Owners and rights: nothing here is anybody's but the worker's.
DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
         WHERE p.pronamespace = 'private'::regnamespace AND p.proname LIKE 'effect\_%'
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO zplatform', v_function);
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_function);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO zworker', v_function);
    END LOOP;
END
$$;
GRANT USAGE ON SCHEMA private TO zworker, zplatform;
GRANT USAGE ON SCHEMA public TO zplatform;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO zplatform;
GRANT SELECT, INSERT, UPDATE, DELETE ON private.effects TO zplatform;

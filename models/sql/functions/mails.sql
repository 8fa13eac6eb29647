-- Mail of workflows: a message is a row before it goes out, one for each call and recipient, and loses its text when it
-- has gone. ZW429: too many in an hour.

-- Writes a message down, once for its key and place.
CREATE OR REPLACE FUNCTION private.queue_mail(
    p_execution_id uuid, p_key text, p_owner uuid, p_place integer, p_recipients text[], p_subject text, p_text text,
    p_html text, p_most_an_hour integer
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_sent bigint;
BEGIN
    IF EXISTS (SELECT FROM private.mails m WHERE (m.execution_id, m.key, m.place) = (p_execution_id, p_key, p_place)) THEN
        RETURN;
    END IF;
    -- Messages of one owner are counted one after the other.
    PERFORM pg_advisory_xact_lock(hashtextextended('mail' || p_owner::text, 0));
    SELECT coalesce(sum(cardinality(m.recipients)), 0) INTO v_sent FROM private.mails m
     WHERE m.user_id = p_owner AND m.created_at > now() - interval '1 hour';
    IF v_sent + cardinality(p_recipients) > p_most_an_hour THEN
        RAISE EXCEPTION 'an account may send % messages an hour, and these would be more: wait, or send fewer', p_most_an_hour
            USING ERRCODE = 'ZW429';
    END IF;
    INSERT INTO private.mails (user_id, execution_id, key, place, recipients, subject, text, html)
    VALUES (p_owner, p_execution_id, p_key, p_place, p_recipients, p_subject, p_text, p_html)
    ON CONFLICT DO NOTHING;
END
$$;

-- The messages of one call that have not gone out; without an execution, whatever has waited longer than p_older_than, in
-- any order: what is never taken must not stand before everything else.
CREATE OR REPLACE FUNCTION private.unsent_mails(p_execution_id uuid, p_key text, p_older_than interval, p_limit integer)
RETURNS TABLE (id uuid, execution_id uuid, key text, place integer, recipients text[], subject text, text text, html text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT m.id, m.execution_id, m.key, m.place, m.recipients, m.subject, m.text, m.html FROM private.mails m
     WHERE m.sent_at IS NULL AND m.failed_at IS NULL AND m.created_at > now() - interval '3 days'
       AND CASE WHEN p_execution_id IS NULL THEN m.created_at < now() - p_older_than
           ELSE (m.execution_id, m.key) = (p_execution_id, p_key) END
     ORDER BY CASE WHEN p_execution_id IS NULL THEN random() END, m.created_at, m.place LIMIT p_limit;
$$;

CREATE OR REPLACE FUNCTION private.settle_mail(p_id uuid, p_sent boolean)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE private.mails SET text = NULL, html = NULL,
           sent_at = CASE WHEN p_sent THEN clock_timestamp() END,
           failed_at = CASE WHEN p_sent THEN NULL ELSE clock_timestamp() END
     WHERE id = p_id AND sent_at IS NULL;
$$;

-- When the message of a call went out; null when it has not.
CREATE OR REPLACE FUNCTION private.mail_sent_at(p_execution_id uuid, p_key text)
RETURNS timestamptz LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT m.sent_at FROM private.mails m WHERE (m.execution_id, m.key, m.place) = (p_execution_id, p_key, 0);
$$;

-- Owners and rights: nothing here is anybody's but the worker's.
ALTER FUNCTION private.queue_mail(uuid, text, uuid, integer, text[], text, text, text, integer) OWNER TO zplatform;
ALTER FUNCTION private.unsent_mails(uuid, text, interval, integer) OWNER TO zplatform;
ALTER FUNCTION private.settle_mail(uuid, boolean) OWNER TO zplatform;
ALTER FUNCTION private.mail_sent_at(uuid, text) OWNER TO zplatform;
REVOKE ALL ON FUNCTION private.queue_mail(uuid, text, uuid, integer, text[], text, text, text, integer),
    private.unsent_mails(uuid, text, interval, integer), private.settle_mail(uuid, boolean),
    private.mail_sent_at(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION private.queue_mail(uuid, text, uuid, integer, text[], text, text, text, integer),
    private.unsent_mails(uuid, text, interval, integer), private.settle_mail(uuid, boolean),
    private.mail_sent_at(uuid, text) TO zworker;
GRANT SELECT, INSERT, UPDATE ON private.mails TO zplatform;
GRANT SELECT ON auth.users, public.user_roles TO zplatform;

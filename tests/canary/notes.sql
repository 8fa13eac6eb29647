-- What an owner of a platform may add by SQL: relations that everybody reads and that lead to rows which they may not.
-- $contact stands for the id of a contact that is another tenant's.
CREATE TABLE public.canary_notes (name text PRIMARY KEY, contact_id uuid REFERENCES public.contacts);
CREATE TABLE public.canary_tags (name text PRIMARY KEY);
CREATE TABLE public.canary_tagged (
    contact_id uuid REFERENCES public.contacts,
    tag text REFERENCES public.canary_tags,
    PRIMARY KEY (contact_id, tag)
);
DO $$
DECLARE
    each text;
BEGIN
    FOREACH each IN ARRAY ARRAY['canary_notes', 'canary_tags', 'canary_tagged'] LOOP
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', each);
        EXECUTE format('CREATE POLICY everybody ON public.%I USING (true) WITH CHECK (true)', each);
    END LOOP;
END
$$;
-- No row security at all, and a grant.
CREATE TABLE public.canary_open (name text PRIMARY KEY, contact_id uuid REFERENCES public.contacts);
GRANT SELECT ON public.canary_open TO anon, authenticated;

CREATE VIEW public.canary_view WITH (security_invoker = true) AS SELECT * FROM public.contacts;
GRANT SELECT ON public.canary_view TO anon, authenticated;

CREATE FUNCTION public.canary_contact(note public.canary_notes) RETURNS SETOF public.contacts ROWS 1 LANGUAGE sql STABLE
    AS 'SELECT * FROM public.contacts WHERE id = note.contact_id';
CREATE FUNCTION public.canary_first_name(note public.canary_notes) RETURNS text LANGUAGE sql STABLE
    AS 'SELECT first_name FROM public.contacts WHERE id = note.contact_id';
CREATE FUNCTION public.canary_contacts(of_note text) RETURNS SETOF public.contacts LANGUAGE sql STABLE
    AS 'SELECT c.* FROM public.contacts c JOIN public.canary_notes n ON n.contact_id = c.id WHERE n.name = of_note';
CREATE FUNCTION public.canary_companies() RETURNS TABLE (company_name text) LANGUAGE sql STABLE
    AS 'SELECT company_name FROM public.contacts';

INSERT INTO public.canary_notes VALUES ('hidden', '$contact'), ('absent', NULL);
INSERT INTO public.canary_open VALUES ('hidden', '$contact'), ('absent', NULL);
INSERT INTO public.canary_tags VALUES ('hidden'), ('absent');
INSERT INTO public.canary_tagged VALUES ('$contact', 'hidden');

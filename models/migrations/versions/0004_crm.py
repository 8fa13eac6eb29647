"""Contacts, deals and activities."""

from models.statements import run_statements

revision = "0004_crm"
down_revision = "0003_workflows"

SCRIPT = r"""
CREATE TABLE public.contacts (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID DEFAULT auth.uid() NOT NULL,
    type TEXT DEFAULT 'individual'::text NOT NULL,
    first_name TEXT,
    last_name TEXT,
    company_name TEXT,
    email TEXT,
    phone TEXT,
    address JSONB DEFAULT '{}'::jsonb NOT NULL,
    tags TEXT[] DEFAULT '{}'::text[] NOT NULL,
    custom_fields JSONB DEFAULT '{}'::jsonb NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT contacts_pkey PRIMARY KEY (id),
    CONSTRAINT contacts_id_user_id_key UNIQUE (id, user_id),
    CONSTRAINT contacts_type_check CHECK (type IN ('individual', 'company')),
    CONSTRAINT contacts_first_name_length_check CHECK (char_length(first_name) <= 200),
    CONSTRAINT contacts_last_name_length_check CHECK (char_length(last_name) <= 200),
    CONSTRAINT contacts_company_name_length_check CHECK (char_length(company_name) <= 200),
    CONSTRAINT contacts_email_length_check CHECK (char_length(email) <= 200),
    CONSTRAINT contacts_phone_length_check CHECK (char_length(phone) <= 200),
    CONSTRAINT contacts_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE
);

CREATE INDEX contacts_user_id_created_at_idx ON public.contacts (user_id, created_at DESC, id);

CREATE INDEX contacts_user_id_email_idx ON public.contacts (user_id, email);

CREATE TABLE public.deals (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID DEFAULT auth.uid() NOT NULL,
    contact_id UUID,
    title TEXT NOT NULL,
    description TEXT,
    amount NUMERIC(14, 2) DEFAULT 0 NOT NULL,
    stage TEXT DEFAULT 'lead'::text NOT NULL,
    probability INTEGER DEFAULT 0 NOT NULL,
    expected_close_date DATE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT deals_pkey PRIMARY KEY (id),
    CONSTRAINT deals_id_user_id_key UNIQUE (id, user_id),
    CONSTRAINT deals_contact_id_fkey FOREIGN KEY (contact_id, user_id)
        REFERENCES public.contacts (id, user_id) ON DELETE SET NULL (contact_id),
    CONSTRAINT deals_stage_check
        CHECK (stage IN ('lead', 'qualified', 'proposal', 'negotiation', 'closed_won', 'closed_lost')),
    CONSTRAINT deals_title_length_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT deals_description_length_check CHECK (char_length(description) <= 10000),
    CONSTRAINT deals_probability_check CHECK (probability BETWEEN 0 AND 100),
    CONSTRAINT deals_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE
);

CREATE INDEX deals_contact_id_idx ON public.deals (user_id, contact_id);

CREATE INDEX deals_user_id_created_at_idx ON public.deals (user_id, created_at DESC, id);

CREATE INDEX deals_user_id_stage_idx ON public.deals (user_id, stage);

CREATE TABLE public.activities (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID DEFAULT auth.uid() NOT NULL,
    contact_id UUID,
    deal_id UUID,
    type TEXT DEFAULT 'note'::text NOT NULL,
    title TEXT NOT NULL,
    description TEXT,
    due_date TIMESTAMP WITH TIME ZONE,
    completed_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT activities_pkey PRIMARY KEY (id),
    CONSTRAINT activities_contact_id_fkey FOREIGN KEY (contact_id, user_id)
        REFERENCES public.contacts (id, user_id) ON DELETE SET NULL (contact_id),
    CONSTRAINT activities_deal_id_fkey FOREIGN KEY (deal_id, user_id)
        REFERENCES public.deals (id, user_id) ON DELETE SET NULL (deal_id),
    CONSTRAINT activities_type_check CHECK (type IN ('call', 'email', 'meeting', 'note', 'task')),
    CONSTRAINT activities_title_length_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT activities_description_length_check CHECK (char_length(description) <= 10000),
    CONSTRAINT activities_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE
);

CREATE INDEX activities_contact_id_idx ON public.activities (user_id, contact_id);

CREATE INDEX activities_deal_id_idx ON public.activities (user_id, deal_id);

CREATE INDEX activities_user_id_created_at_idx ON public.activities (user_id, created_at DESC, id);

CREATE INDEX activities_user_id_due_date_idx ON public.activities (user_id, due_date);

"""


def upgrade() -> None:
    run_statements(SCRIPT)

"""Buckets, objects, resumable uploads, and the bytes that are to go."""

from models.statements import run_statements

revision = "0006_storage"
down_revision = "0005_gateway_and_apps"

SCRIPT = r"""
CREATE TABLE storage.buckets (
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    owner UUID,
    owner_id TEXT,
    public BOOLEAN DEFAULT false NOT NULL,
    file_size_limit BIGINT,
    allowed_mime_types TEXT[],
    verify_content_type BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT buckets_pkey PRIMARY KEY (id),
    CONSTRAINT buckets_id_length_check CHECK (char_length(id) BETWEEN 1 AND 100),
    CONSTRAINT buckets_id_check CHECK (id ~ '^[A-Za-z0-9_!.*''() &$=@;:+,?-]+$' AND id !~ '^\.{1,2}$'),
    CONSTRAINT buckets_name_length_check CHECK (char_length(name) BETWEEN 1 AND 100),
    CONSTRAINT buckets_file_size_limit_check CHECK (file_size_limit > 0)
);

CREATE UNIQUE INDEX buckets_name_key ON storage.buckets (name);

CREATE TABLE storage.objects (
    id UUID DEFAULT uuidv7() NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    bucket_id TEXT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    owner UUID,
    owner_id TEXT,
    version UUID DEFAULT gen_random_uuid() NOT NULL,
    metadata JSONB,
    user_metadata JSONB,
    path_tokens TEXT[] GENERATED ALWAYS AS (string_to_array(name, '/')) STORED,
    last_accessed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT objects_pkey PRIMARY KEY (id),
    CONSTRAINT objects_name_length_check CHECK (octet_length(name) BETWEEN 1 AND 1024),
    CONSTRAINT objects_name_segments_check CHECK (name !~ '(^|/)\.{0,2}(/|$)'),
    CONSTRAINT objects_name_characters_check CHECK (name !~ '[\u0001-\u001f\u007f-\u009f\\\U0010ffff]'),
    CONSTRAINT objects_name_normalized_check CHECK (name IS NFC NORMALIZED),
    CONSTRAINT objects_metadata_check CHECK (jsonb_typeof(metadata) = 'object'),
    CONSTRAINT objects_user_metadata_check CHECK (jsonb_typeof(user_metadata) = 'object'),
    CONSTRAINT objects_bucket_id_fkey FOREIGN KEY (bucket_id) REFERENCES storage.buckets (id)
);

CREATE UNIQUE INDEX objects_bucket_id_name_key ON storage.objects (bucket_id, name);

CREATE UNIQUE INDEX objects_version_key ON storage.objects (version);

CREATE TABLE storage.uploads (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    bucket_id TEXT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    owner UUID,
    role TEXT NOT NULL,
    is_signed BOOLEAN NOT NULL,
    upsert BOOLEAN DEFAULT false NOT NULL,
    version UUID DEFAULT gen_random_uuid() NOT NULL,
    metadata TEXT NOT NULL,
    length BIGINT,
    "offset" BIGINT DEFAULT 0 NOT NULL,
    s3_upload_id TEXT,
    parts JSONB DEFAULT '[]'::jsonb NOT NULL,
    tail_size INTEGER DEFAULT 0 NOT NULL,
    lease UUID,
    leased_until TIMESTAMP WITH TIME ZONE,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT uploads_pkey PRIMARY KEY (id),
    CONSTRAINT uploads_name_length_check CHECK (octet_length(name) BETWEEN 1 AND 1024),
    CONSTRAINT uploads_name_segments_check CHECK (name !~ '(^|/)\.{0,2}(/|$)'),
    CONSTRAINT uploads_name_characters_check CHECK (name !~ '[\u0001-\u001f\u007f-\u009f\\\U0010ffff]'),
    CONSTRAINT uploads_name_normalized_check CHECK (name IS NFC NORMALIZED),
    CONSTRAINT uploads_length_check CHECK (length >= 0),
    CONSTRAINT uploads_tail_size_check CHECK (tail_size >= 0),
    CONSTRAINT uploads_offset_check CHECK ("offset" >= 0),
    CONSTRAINT uploads_parts_check CHECK (jsonb_typeof(parts) = 'array'),
    CONSTRAINT uploads_bucket_id_fkey FOREIGN KEY (bucket_id) REFERENCES storage.buckets (id) ON DELETE CASCADE
);

CREATE INDEX uploads_bucket_id_name_idx ON storage.uploads (bucket_id, name);

CREATE INDEX uploads_expires_at_idx ON storage.uploads (expires_at);

CREATE INDEX uploads_owner_role_idx ON storage.uploads (owner, role);

CREATE TABLE private.doomed_versions (
    version UUID NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    uploader UUID,
    may_go_live BOOLEAN NOT NULL,
    CONSTRAINT doomed_versions_pkey PRIMARY KEY (version)
);

CREATE INDEX doomed_versions_due_at_idx ON private.doomed_versions (due_at);

-- Once and not at every migration: what an operator changes or deletes later stays so.
INSERT INTO storage.buckets (id, name, public, file_size_limit, allowed_mime_types, verify_content_type) VALUES
    ('avatars', 'avatars', true, 5 * 1024 * 1024, '{image/png,image/jpeg,image/webp}', true),
    ('thumbnails', 'thumbnails', true, 5 * 1024 * 1024, '{image/png,image/jpeg,image/webp}', false),
    ('videos', 'videos', false, 10 * 1024 * 1024 * 1024::bigint, '{video/*}', false),
    ('tutorials', 'tutorials', false, 50 * 1024 * 1024, NULL, false),
    ('documents', 'documents', false, 100 * 1024 * 1024, NULL, false);

"""


def upgrade() -> None:
    run_statements(SCRIPT)

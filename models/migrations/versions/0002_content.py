"""Profiles, roles, tutorials and videos."""

from models.statements import run_statements

revision = "0002_content"
down_revision = "0001_accounts"

SCRIPT = r"""
CREATE TABLE public.profiles (
    id UUID NOT NULL,
    first_name TEXT,
    last_name TEXT,
    display_name TEXT,
    avatar_url TEXT,
    bio TEXT,
    phone TEXT,
    company TEXT,
    job_title TEXT,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT profiles_pkey PRIMARY KEY (id),
    CONSTRAINT profiles_first_name_length_check CHECK (char_length(first_name) <= 200),
    CONSTRAINT profiles_last_name_length_check CHECK (char_length(last_name) <= 200),
    CONSTRAINT profiles_display_name_length_check CHECK (char_length(display_name) <= 200),
    CONSTRAINT profiles_avatar_url_length_check CHECK (char_length(avatar_url) <= 2048),
    CONSTRAINT profiles_bio_length_check CHECK (char_length(bio) <= 10000),
    CONSTRAINT profiles_phone_length_check CHECK (char_length(phone) <= 200),
    CONSTRAINT profiles_company_length_check CHECK (char_length(company) <= 200),
    CONSTRAINT profiles_job_title_length_check CHECK (char_length(job_title) <= 200),
    CONSTRAINT profiles_id_fkey FOREIGN KEY (id) REFERENCES auth.users (id) ON DELETE CASCADE
);

CREATE TABLE public.user_roles (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID DEFAULT auth.uid() NOT NULL,
    role TEXT DEFAULT 'user'::text NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT user_roles_pkey PRIMARY KEY (id),
    CONSTRAINT user_roles_user_id_role_key UNIQUE (user_id, role),
    CONSTRAINT user_roles_role_check CHECK (role IN ('admin', 'moderator', 'user')),
    CONSTRAINT user_roles_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE
);

CREATE INDEX user_roles_user_id_created_at_idx ON public.user_roles (user_id, created_at DESC, id);

CREATE TABLE public.tutorials (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID DEFAULT auth.uid() NOT NULL,
    title TEXT NOT NULL,
    description TEXT,
    content TEXT,
    steps JSONB DEFAULT '[]'::jsonb NOT NULL,
    status TEXT DEFAULT 'draft'::text NOT NULL,
    thumbnail_url TEXT,
    tags TEXT[] DEFAULT '{}'::text[] NOT NULL,
    level TEXT,
    model TEXT,
    views INTEGER DEFAULT 0 NOT NULL,
    likes INTEGER DEFAULT 0 NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT tutorials_pkey PRIMARY KEY (id),
    CONSTRAINT tutorials_status_check CHECK (status IN ('draft', 'published', 'archived')),
    CONSTRAINT tutorials_title_length_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT tutorials_description_length_check CHECK (char_length(description) <= 10000),
    CONSTRAINT tutorials_content_length_check CHECK (char_length(content) <= 1000000),
    CONSTRAINT tutorials_thumbnail_url_length_check CHECK (char_length(thumbnail_url) <= 2048),
    CONSTRAINT tutorials_level_length_check CHECK (char_length(level) <= 200),
    CONSTRAINT tutorials_views_check CHECK (views >= 0),
    CONSTRAINT tutorials_likes_check CHECK (likes >= 0),
    CONSTRAINT tutorials_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE
);

CREATE INDEX tutorials_status_created_at_idx ON public.tutorials (status, created_at DESC, id);

CREATE INDEX tutorials_user_id_created_at_idx ON public.tutorials (user_id, created_at DESC, id);

CREATE TABLE public.videos (
    id UUID DEFAULT uuidv7() NOT NULL,
    user_id UUID DEFAULT auth.uid() NOT NULL,
    title TEXT NOT NULL,
    description TEXT,
    filename TEXT,
    file_size BIGINT,
    thumbnail_url TEXT,
    quality TEXT DEFAULT 'hd'::text NOT NULL,
    storage_path TEXT,
    status TEXT DEFAULT 'uploading'::text NOT NULL,
    duration DOUBLE PRECISION,
    hls_url TEXT,
    views INTEGER DEFAULT 0 NOT NULL,
    watch_time BIGINT DEFAULT 0 NOT NULL,
    progress INTEGER DEFAULT 0 NOT NULL,
    error_message TEXT,
    renditions JSONB DEFAULT '[]'::jsonb NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT videos_pkey PRIMARY KEY (id),
    CONSTRAINT videos_status_check CHECK (status IN ('uploading', 'processing', 'ready', 'error')),
    CONSTRAINT videos_quality_check CHECK (quality IN ('sd', 'hd', '4k')),
    CONSTRAINT videos_title_length_check CHECK (char_length(title) BETWEEN 1 AND 200),
    CONSTRAINT videos_description_length_check CHECK (char_length(description) <= 10000),
    CONSTRAINT videos_filename_length_check CHECK (char_length(filename) <= 1024),
    CONSTRAINT videos_thumbnail_url_length_check CHECK (char_length(thumbnail_url) <= 2048),
    CONSTRAINT videos_hls_url_length_check CHECK (char_length(hls_url) <= 2048),
    CONSTRAINT videos_storage_path_length_check CHECK (char_length(storage_path) <= 1024),
    CONSTRAINT videos_file_size_check CHECK (file_size >= 0),
    CONSTRAINT videos_duration_check CHECK (duration >= 0),
    CONSTRAINT videos_views_check CHECK (views >= 0),
    CONSTRAINT videos_watch_time_check CHECK (watch_time >= 0),
    CONSTRAINT videos_progress_check CHECK (progress BETWEEN 0 AND 100),
    CONSTRAINT videos_storage_path_own_check
        CHECK (starts_with(storage_path, user_id::text || '/') AND storage_path !~ '(^|/)[.]{0,2}(/|$)'),
    CONSTRAINT videos_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE
);

CREATE INDEX videos_user_id_created_at_idx ON public.videos (user_id, created_at DESC, id);

CREATE INDEX videos_user_id_status_idx ON public.videos (user_id, status);

"""


def upgrade() -> None:
    run_statements(SCRIPT)

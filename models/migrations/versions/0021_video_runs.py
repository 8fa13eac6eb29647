"""The processing of videos: runs, tracks, chunks, and what is to be swept of them."""

from models.statements import run_statements

revision = "0021_video_runs"
down_revision = "0020_schedules"

SCRIPT = r"""
ALTER TABLE public.videos ADD CONSTRAINT videos_id_user_id_key UNIQUE (id, user_id);

CREATE TABLE private.video_runs (
    id UUID DEFAULT uuidv7() NOT NULL,
    video_id UUID NOT NULL,
    user_id UUID NOT NULL,
    status TEXT DEFAULT 'pending'::text NOT NULL,
    source_version UUID NOT NULL,
    source_size BIGINT NOT NULL,
    cancel_requested_at TIMESTAMP WITH TIME ZONE,
    progress INTEGER DEFAULT 0 NOT NULL,
    revision INTEGER DEFAULT 0 NOT NULL,
    report JSONB,
    plan JSONB,
    error JSONB,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    completed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT video_runs_pkey PRIMARY KEY (id),
    CONSTRAINT video_runs_status_check CHECK (status IN ('pending', 'running', 'completed', 'failed', 'cancelled')),
    CONSTRAINT video_runs_progress_check CHECK (progress BETWEEN 0 AND 100),
    CONSTRAINT video_runs_source_size_check CHECK (source_size >= 0),
    CONSTRAINT video_runs_revision_check CHECK (revision >= 0),
    CONSTRAINT video_runs_video_id_fkey FOREIGN KEY (video_id, user_id)
        REFERENCES public.videos (id, user_id) ON DELETE CASCADE
);

CREATE INDEX video_runs_video_id_user_id_id_idx ON private.video_runs (video_id, user_id, id);

CREATE UNIQUE INDEX video_runs_open_idx ON private.video_runs (video_id) WHERE status IN ('pending', 'running');

CREATE INDEX video_runs_user_id_idx ON private.video_runs (user_id, id);

CREATE TABLE private.video_tracks (
    run_id UUID NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    position INTEGER NOT NULL,
    properties JSONB DEFAULT '{}'::jsonb NOT NULL,
    is_complete BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT video_tracks_pkey PRIMARY KEY (run_id, name),
    CONSTRAINT video_tracks_kind_check CHECK (kind IN ('video', 'audio', 'subtitles', 'storyboard')),
    CONSTRAINT video_tracks_run_id_fkey FOREIGN KEY (run_id) REFERENCES private.video_runs (id) ON DELETE CASCADE
);

CREATE TABLE private.video_chunks (
    run_id UUID NOT NULL,
    track TEXT NOT NULL,
    number INTEGER NOT NULL,
    object_key TEXT NOT NULL,
    size BIGINT NOT NULL,
    init_size INTEGER NOT NULL,
    init_sha256 TEXT DEFAULT ''::text NOT NULL,
    start BIGINT NOT NULL,
    frames INTEGER NOT NULL,
    fragments INTEGER[] NOT NULL,
    CONSTRAINT video_chunks_pkey PRIMARY KEY (run_id, track, number),
    CONSTRAINT video_chunks_run_id_fkey FOREIGN KEY (run_id, track)
        REFERENCES private.video_tracks (run_id, name) ON DELETE CASCADE
);

CREATE TABLE private.doomed_prefixes (
    prefix TEXT NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT doomed_prefixes_pkey PRIMARY KEY (prefix)
);

CREATE INDEX doomed_prefixes_due_at_idx ON private.doomed_prefixes (due_at);
"""


def upgrade() -> None:
    run_statements(SCRIPT)

"""Playback grants of videos, and what was watched."""

from models.statements import run_statements

revision = "0024_video_watching"
down_revision = "0023_video_lifecycle"

SCRIPT = r"""
CREATE TABLE private.playback_generations (
    video_id UUID NOT NULL,
    generation INTEGER NOT NULL,
    CONSTRAINT playback_generations_pkey PRIMARY KEY (video_id),
    CONSTRAINT playback_generations_video_id_fkey FOREIGN KEY (video_id) REFERENCES public.videos (id) ON DELETE CASCADE
);

CREATE TABLE private.watch_sessions (
    video_id UUID NOT NULL,
    day DATE NOT NULL,
    viewer TEXT NOT NULL,
    session TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    watched INT8MULTIRANGE NOT NULL,
    is_view BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT watch_sessions_pkey PRIMARY KEY (video_id, day, viewer, session),
    CONSTRAINT watch_sessions_video_id_fkey FOREIGN KEY (video_id) REFERENCES public.videos (id) ON DELETE CASCADE
);

CREATE INDEX watch_sessions_day_idx ON private.watch_sessions (day);

CREATE TABLE private.watch_days (
    video_id UUID NOT NULL,
    day DATE NOT NULL,
    sessions INTEGER DEFAULT 0 NOT NULL,
    views INTEGER DEFAULT 0 NOT NULL,
    watch_time BIGINT DEFAULT 0 NOT NULL,
    reached INTEGER[] NOT NULL,
    CONSTRAINT watch_days_pkey PRIMARY KEY (video_id, day),
    CONSTRAINT watch_days_video_id_fkey FOREIGN KEY (video_id) REFERENCES public.videos (id) ON DELETE CASCADE
);
"""


def upgrade() -> None:
    run_statements(SCRIPT)

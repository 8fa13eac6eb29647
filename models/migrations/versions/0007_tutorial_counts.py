"""Likes and views of tutorials."""

from models.statements import run_statements

revision = "0007_tutorial_counts"
down_revision = "0006_storage"

SCRIPT = r"""
CREATE TABLE private.tutorial_likes (
    tutorial_id UUID NOT NULL,
    liked_by UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT tutorial_likes_pkey PRIMARY KEY (tutorial_id, liked_by),
    CONSTRAINT tutorial_likes_liked_by_fkey FOREIGN KEY (liked_by) REFERENCES auth.users (id) ON DELETE CASCADE
);

CREATE INDEX tutorial_likes_liked_by_idx ON private.tutorial_likes (liked_by, tutorial_id);

CREATE TABLE private.tutorial_views (
    tutorial_id UUID NOT NULL,
    viewer UUID NOT NULL,
    counted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT tutorial_views_pkey PRIMARY KEY (tutorial_id, viewer)
);

CREATE INDEX tutorial_views_viewer_idx ON private.tutorial_views (viewer, tutorial_id);

"""


def upgrade() -> None:
    run_statements(SCRIPT)

"""Uploads whose parts a client puts into the S3 store itself."""

from models.statements import run_statements

revision = "0026_direct_uploads"
down_revision = "0025_tutorial_runs"

SCRIPT = r"""
ALTER TABLE storage.uploads
    ADD COLUMN part_size BIGINT,
    ADD CONSTRAINT uploads_part_size_check CHECK (part_size > 0);
"""


def upgrade() -> None:
    run_statements(SCRIPT)

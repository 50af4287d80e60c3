"""The journal: screenings, answers of the day, sessions, ratings, unlocks."""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        'answers',
        sa.Column('id', sa.Integer, primary_key=True),
        sa.Column('at', sa.Float, nullable=False),
        sa.Column('kind', sa.String(16), nullable=False),
        sa.Column('yes', sa.JSON, nullable=False),
        sa.Column('cleared_until', sa.JSON, nullable=False),
    )
    op.create_table(
        'sessions',
        sa.Column('id', sa.String(36), primary_key=True),
        sa.Column('started_at', sa.Float, nullable=False),
        sa.Column('ended_at', sa.Float),
        sa.Column('protocol', sa.String(40), nullable=False),
        sa.Column('garment', sa.String(40), nullable=False),
        sa.Column('leg', sa.String(8), nullable=False),
        sa.Column('intensity', sa.Float, nullable=False),
        sa.Column('planned_minutes', sa.Float, nullable=False),
        sa.Column('minutes', sa.Float),
        sa.Column('cycles', sa.Integer),
        sa.Column('error_code', sa.Integer),
        sa.Column('error_text', sa.Text, nullable=False),
        sa.Column('symptom', sa.Text, nullable=False),
        sa.Column('peak_mmhg', sa.JSON, nullable=False),
        sa.Column('dose_mmhg_min', sa.JSON, nullable=False),
    )
    op.create_index('sessions_started_at', 'sessions', ['started_at'])
    op.create_table(
        'ratings',
        sa.Column('id', sa.Integer, primary_key=True),
        sa.Column('at', sa.Float, nullable=False),
        sa.Column('soreness', sa.Integer),
        sa.Column('freshness', sa.Integer),
        sa.Column('run_km', sa.Float),
        sa.Column('run_minutes', sa.Float),
        sa.Column('effort', sa.Integer),
        sa.Column('rmssd_ms', sa.Float),
        sa.Column('sleep_h', sa.Float),
        sa.Column('note', sa.Text, nullable=False),
    )
    op.create_index('ratings_at', 'ratings', ['at'])
    op.create_table(
        'unlocks',
        sa.Column('id', sa.Integer, primary_key=True),
        sa.Column('at', sa.Float, nullable=False),
        sa.Column('pressure_mmhg', sa.Float, nullable=False),
    )

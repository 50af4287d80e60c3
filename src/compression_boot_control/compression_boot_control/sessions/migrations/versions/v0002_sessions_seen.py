"""Sessions: when each was last known to go on, so that one that was cut off ends there."""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of older sessions it is not known."""
    op.add_column('sessions', sa.Column('seen_at', sa.Float))

"""What alembic runs to bring a journal up to date: on the connection that it is given."""

from alembic import context

from compression_boot_control.sessions.journal_tables import Base

context.configure(
    connection=context.config.attributes['connection'],
    target_metadata=Base.metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()

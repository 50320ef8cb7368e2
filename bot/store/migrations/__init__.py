"""The steps that bring a database of any age to the tables of `bot.store.tables` (Alembic).

In code: `bot.store.migrate`. By hand, for a new step after the tables were changed:

    DATABASE_URL=sqlite:////tmp/new.db alembic -c bot/store/migrations/alembic.ini upgrade head
    DATABASE_URL=sqlite:////tmp/new.db alembic -c bot/store/migrations/alembic.ini \
        revision --autogenerate -m "what changes" --rev-id 0002
"""

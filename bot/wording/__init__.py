"""All that the assistant says, in every language: one gettext catalogue, and its checks.

English is written where it belongs (responses beside their rules, clauses in `terms.yml`, the
widget's texts beside the widget). `make wording` collects it into `locale/bot.pot` and brings the
translations in `locale/<language>/LC_MESSAGES/bot.po` up to date.
"""

"""Numbers that people read out on the phone: for tickets and claims."""

import secrets

#: Without letters and digits that look or sound alike (I, L, O, U, 0, 1).
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_number(prefix: str) -> str:
    """A new number such as `T-7K3M9QX`; random, so that nobody can count or guess them."""
    return f"{prefix}-" + "".join(secrets.choice(ALPHABET) for _ in range(7))

"""Add accounts at argon2's least cost: a thousand logins compute a hash. A hash names the cost of its check."""

from functools import partial

from argon2 import PasswordHasher

from central_server.accounts import login, passwords

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

set_password = partial(login.set_password, hasher=CHEAP)
hashed = partial(passwords.hashed, hasher=CHEAP)

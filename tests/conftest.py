"""What every room's tests may ask for: a real PostgreSQL, and one test on both engines."""

from tests.postgres import (
    empty_postgres_database,
    engine,
    home_settings,
    postgres,
    postgres_database,
    postgres_template,
    pytest_generate_tests,
)

__all__ = [
    "empty_postgres_database",
    "engine",
    "home_settings",
    "postgres",
    "postgres_database",
    "postgres_template",
    "pytest_generate_tests",
]

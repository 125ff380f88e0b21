"""The service under load: how long an answer takes, beside an endpoint that does nothing."""

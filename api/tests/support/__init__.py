"""What the tests run against: a real database, certificates and a TLS endpoint."""

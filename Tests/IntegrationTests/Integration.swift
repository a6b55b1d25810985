import Testing

/// Real clients against a real PostgreSQL, through a real Sluice. One after the other: they share the servers.
@Suite(.serialized)
enum Integration {}

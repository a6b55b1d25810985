import Testing

/// Real processes under load that are killed, stopped and restarted. One after the other.
@Suite(.serialized)
enum Pipeline {}

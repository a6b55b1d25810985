/// How log lines look: `log:` in sluice.yaml, `SLUICE_LOG` in a process's environment.
public enum LogFormat: String, Sendable, CaseIterable {
    case text, json
}

public enum LogLevel: String, Sendable, CaseIterable {
    case error, warning, info, debug
}

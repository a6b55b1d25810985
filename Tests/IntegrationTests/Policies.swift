/// Policies under test.
enum Policies {
    /// The design's example, and groups that other tests need beside it.
    static let everyone = """
        rules:
          - name: agents may read orders
            who: {groups: [ai-agents]}
            on: [orders]
            when: {operation: [read, copy.out]}
            then: allow
          - name: agents may change rows they name
            who: {groups: [ai-agents]}
            on: [orders]
            when: {operation: [write], unfiltered: false}
            then: allow
          - name: destructive statements need a dba
            who: {groups: [ai-agents, dba]}
            when: {any: [{operation: [drop, truncate, alter, grant]}, {unfiltered: true}]}
            then: {hold: {approvers: {groups: [dba]}, quorum: 1, expires: 15m}}
          - name: nobody creates things
            who: {groups: [ai-agents, dba, plain, veiled, sealed]}
            when: {operation: [create]}
            then: refuse
          - name: compatibility tests may do anything
            who: {groups: [plain, veiled, sealed, unlimited, dumps]}
            then: allow
          - name: personal data
            who: {groups: [ai-agents, veiled]}
            mask:
              - {columns: ["*.email"], style: partial}
              - {columns: ["*.ssn", "*.card"], style: redact}
              - {detect: [email], style: partial}
              - {detect: [credit_card, us_ssn, secret], style: redact}
          - name: dumps keep apart what is unique
            who: {groups: [dumps]}
            mask:
              - {columns: ["*.email"], style: hash}
              - {columns: ["*.ssn", "*.card"], style: redact}
              - {detect: [email, credit_card, us_ssn], style: redact}
          - name: personal data is not compared
            who: {groups: [sealed]}
            mask:
              - {columns: ["*.email", "*.ssn", "*.card"], style: partial, inference: refuse}

        """
}

import CPgQuery

extension Analysis {
    /// Statements that are known by their node type alone.
    private static let byName: [String: [String]] = [
        "TruncateStmt": ["truncate"],
        "GrantStmt": ["grant"], "GrantRoleStmt": ["grant"], "AlterDefaultPrivilegesStmt": ["grant"],
        "CreateRoleStmt": ["create", "role"], "AlterRoleStmt": ["alter", "role"],
        "AlterRoleSetStmt": ["alter", "role"], "DropRoleStmt": ["drop", "role"],
        "DropdbStmt": ["drop"], "DropTableSpaceStmt": ["drop"], "DropUserMappingStmt": ["drop"],
        "DropSubscriptionStmt": ["drop"], "DropOwnedStmt": ["drop", "grant"], "ReassignOwnedStmt": ["alter"],
        "CreateStmt": ["create"], "CreateSchemaStmt": ["create"], "CreateSeqStmt": ["create"],
        "CreateDomainStmt": ["create"], "CreatedbStmt": ["create"], "CreateTrigStmt": ["create"],
        "CreatePLangStmt": ["create"], "CreateConversionStmt": ["create"], "CreateCastStmt": ["create"],
        "CreateOpClassStmt": ["create"], "CreateOpFamilyStmt": ["create"], "CreateTableSpaceStmt": ["create"],
        "CreateEnumStmt": ["create"], "CreateRangeStmt": ["create"], "CompositeTypeStmt": ["create"],
        "CreateFdwStmt": ["create"], "CreateForeignServerStmt": ["create"], "CreateUserMappingStmt": ["create"],
        "CreateForeignTableStmt": ["create"], "ImportForeignSchemaStmt": ["create"],
        "CreateExtensionStmt": ["create"], "CreateEventTrigStmt": ["create"], "CreatePolicyStmt": ["create"],
        "CreateTransformStmt": ["create"], "CreateAmStmt": ["create"], "CreatePublicationStmt": ["create"],
        "CreateSubscriptionStmt": ["create"], "CreateStatsStmt": ["create"], "DefineStmt": ["create"],
        "IndexStmt": ["create"], "RuleStmt": ["create"], "ViewStmt": ["create"],
        "CommentStmt": ["alter"], "SecLabelStmt": ["alter"], "RenameStmt": ["alter"],
        "ReplicaIdentityStmt": ["alter"],
        "ClusterStmt": ["maintenance"], "ReindexStmt": ["maintenance"], "CheckPointStmt": ["maintenance"],
        "RefreshMatViewStmt": ["maintenance"],
        "NotifyStmt": ["notify"], "ListenStmt": ["notify"], "UnlistenStmt": ["notify"],
        "ClosePortalStmt": ["cursor"], "ConstraintsSetStmt": ["transaction"],
        "ReturnStmt": ["read"],
    ]

    mutating func definition(_ node: Message, scope: Scope) {
        let name = node.shape.name
        if let known = Self.byName[name] {
            operations.formUnion(known)
        } else if name.hasPrefix("Alter") {
            operations.insert("alter")
        } else {
            switch name {
            case "DoStmt": opaque("DO runs code that is given as text")
            case "LoadStmt": opaque("LOAD runs a library")
            default: opaque("\(name) is not understood")
            }
        }
        if name == "TruncateStmt" { unfiltered = true }
        if name == "CommentStmt" || name == "SecLabelStmt" { names(of: node) }
        for child in node.children {
            // Tables that a definition names are its objects; those in queries inside it are read.
            if child.kind == .rangeVar {
                writeTable(child.raw.assumingMemoryBound(to: PgQuery__RangeVar.self))
            } else {
                walk(child, scope: scope)
            }
        }
    }

    /// COMMENT ON TABLE names its table as a list of texts.
    private mutating func names(of node: Message) {
        for child in node.children where child.kind == .list {
            tablesWritten.insert(TableName.joined(child.children.compactMap(\.text)))
        }
    }

    private mutating func writeTable(_ variable: UnsafePointer<PgQuery__RangeVar>) {
        tablesWritten.insert(TableName.of(variable.pointee))
    }
}

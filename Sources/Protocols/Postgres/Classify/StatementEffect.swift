/// What a statement does by its node type alone, for every statement type of PostgreSQL 15.
enum StatementEffect: Equatable {
    /// Its operations, whatever is in it. What its parts do counts beside them.
    case operations([String])
    /// `Analysis` looks at what is in it.
    case examined
    case opaque(String)
    /// The grammar makes none: PostgreSQL makes such nodes later, or in PL/pgSQL only.
    case unwritten

    /// A type that is missing here is opaque; a test goes over all that the parser knows.
    static let byType: [String: StatementEffect] = {
        var result: [String: StatementEffect] = [
            "DoStmt": .opaque("DO runs code that is given as text"), "LoadStmt": .opaque("LOAD runs a library"),
            "PLAssignStmt": .unwritten, "RawStmt": .unwritten, "SetOperationStmt": .unwritten,
        ]
        for name in FunctionCatalog.words(examinedTypes) { result[name] = .examined }
        for (operations, types) in operationsOfTypes {
            for name in FunctionCatalog.words(types) {
                result[name] = .operations(operations.split(separator: " ").map(String.init))
            }
        }
        return result
    }()

    private static let examinedTypes = """
        AlterTableStmt CopyStmt CreateTableAsStmt DeallocateStmt DeleteStmt DiscardStmt DropStmt ExplainStmt \
        InsertStmt MergeStmt PrepareStmt SelectStmt TransactionStmt UpdateStmt VariableSetStmt
        """

    private static let operationsOfTypes: [(String, String)] = [
        (
            "create",
            """
            CompositeTypeStmt CreateAmStmt CreateCastStmt CreateConversionStmt CreateDomainStmt CreateEnumStmt \
            CreateEventTrigStmt CreateExtensionStmt CreateFdwStmt CreateForeignServerStmt CreateForeignTableStmt \
            CreateFunctionStmt CreateOpClassStmt CreateOpFamilyStmt CreatePLangStmt CreatePolicyStmt \
            CreatePublicationStmt CreateRangeStmt CreateSchemaStmt CreateSeqStmt CreateStatsStmt CreateStmt \
            CreateSubscriptionStmt CreateTableSpaceStmt CreateTransformStmt CreateTrigStmt CreateUserMappingStmt \
            CreatedbStmt DefineStmt ImportForeignSchemaStmt IndexStmt RuleStmt ViewStmt
            """
        ),
        (
            "alter",
            """
            AlterCollationStmt AlterDatabaseRefreshCollStmt AlterDatabaseSetStmt AlterDatabaseStmt AlterDomainStmt \
            AlterEnumStmt AlterEventTrigStmt AlterExtensionContentsStmt AlterExtensionStmt AlterFdwStmt \
            AlterForeignServerStmt AlterFunctionStmt AlterObjectDependsStmt AlterObjectSchemaStmt AlterOpFamilyStmt \
            AlterOperatorStmt AlterOwnerStmt AlterPolicyStmt AlterPublicationStmt AlterSeqStmt AlterStatsStmt \
            AlterSubscriptionStmt AlterSystemStmt AlterTSConfigurationStmt AlterTSDictionaryStmt \
            AlterTableMoveAllStmt AlterTableSpaceOptionsStmt AlterTypeStmt AlterUserMappingStmt CommentStmt \
            ReassignOwnedStmt RenameStmt ReplicaIdentityStmt SecLabelStmt
            """
        ),
        ("create role", "CreateRoleStmt"), ("alter role", "AlterRoleStmt AlterRoleSetStmt"),
        ("drop role", "DropRoleStmt"),
        ("drop", "DropSubscriptionStmt DropTableSpaceStmt DropUserMappingStmt DropdbStmt"),
        ("drop grant", "DropOwnedStmt"), ("truncate", "TruncateStmt"),
        ("grant", "AlterDefaultPrivilegesStmt GrantRoleStmt GrantStmt"),
        ("maintenance", "CheckPointStmt ClusterStmt RefreshMatViewStmt ReindexStmt VacuumStmt"),
        ("notify", "ListenStmt NotifyStmt UnlistenStmt"), ("cursor", "ClosePortalStmt DeclareCursorStmt FetchStmt"),
        ("transaction", "ConstraintsSetStmt"), ("read", "ReturnStmt VariableShowStmt"), ("execute", "ExecuteStmt"),
        ("call", "CallStmt"), ("lock", "LockStmt"),
    ]
}

import CPgQuery

/// Which objects' names are a relation's.
enum ObjectNames {
    static let relations: [PgQuery__ObjectType] = [
        PG_QUERY__OBJECT_TYPE__OBJECT_TABLE, PG_QUERY__OBJECT_TYPE__OBJECT_VIEW,
        PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW, PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE,
        PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE, PG_QUERY__OBJECT_TYPE__OBJECT_INDEX,
    ]
    /// The last part of these names is the column, constraint, trigger, rule or policy of the relation.
    static let partsOfRelations: [PgQuery__ObjectType] = [
        PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN, PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT,
        PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER, PG_QUERY__OBJECT_TYPE__OBJECT_RULE,
        PG_QUERY__OBJECT_TYPE__OBJECT_POLICY,
    ]
}

extension Analysis {
    mutating func addOperations(of node: Message) {
        switch node.shape.effect {
        case .operations(let known): operations.formUnion(known)
        case .opaque(let reason): opaque(reason)
        case .examined: break
        case .unwritten, nil: opaque("\(node.shape.name) is not understood")
        }
    }

    mutating func definition(_ node: Message, scope: Scope) {
        addOperations(of: node)
        let name = node.shape.name
        if name == "TruncateStmt" {
            unfiltered = true
            cascade(node.unpacked(as: PgQuery__TruncateStmt.self).behavior)
        }
        if Self.ofAnyTable.contains(name) { tablesWritten.insert(TableName.any) }
        if name == "CommentStmt" {
            let comment = node.unpacked(as: PgQuery__CommentStmt.self)
            describe(comment.objtype, Message(comment.object))
        } else if name == "RenameStmt" {
            let rename = node.unpacked(as: PgQuery__RenameStmt.self)
            if rename.rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA { tablesWritten.insert(TableName.any) }
        } else if name == "SecLabelStmt" {
            let label = node.unpacked(as: PgQuery__SecLabelStmt.self)
            describe(label.objtype, Message(label.object))
        }
        for child in node.children {
            // Tables that a definition names are its objects; those in queries inside it are read.
            if child.kind == .rangeVar {
                writeTable(child.raw.assumingMemoryBound(to: PgQuery__RangeVar.self))
            } else {
                walk(child, scope: scope)
            }
        }
    }

    /// Statements about tables that are not told: all of a role, of a database, of a tablespace.
    private static let ofAnyTable: Set<String> = [
        "AlterTableMoveAllStmt", "DropOwnedStmt", "DropdbStmt", "ReassignOwnedStmt",
    ]

    /// What depends on an object goes with it: which tables that are is not in the text.
    mutating func cascade(_ behavior: PgQuery__DropBehavior) {
        if behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE { tablesWritten.insert(TableName.any) }
    }

    /// COMMENT and SECURITY LABEL name what they describe as a list of texts.
    private mutating func describe(_ type: PgQuery__ObjectType, _ object: Message?) {
        guard let object, object.kind == .list else { return }
        let parts = object.children.compactMap(\.text)
        if ObjectNames.relations.contains(type) {
            tablesWritten.insert(TableName.joined(parts))
        } else if ObjectNames.partsOfRelations.contains(type), parts.count > 1 {
            tablesWritten.insert(TableName.joined(parts.dropLast()))
        }
    }

    private mutating func writeTable(_ variable: UnsafePointer<PgQuery__RangeVar>) {
        tablesWritten.insert(TableName.of(variable.pointee))
    }
}

import CPgQuery
import Contract

/// `SELECT sluice.reveal('token', …)`: a statement of Sluice's own. It is one only as a text by itself with its tokens
/// written out; within anything else the function is one of the target, which does not have it.
enum RevealCall {
    /// nil: the text is another.
    static func tokens(of statements: [Message]) -> [String]? {
        guard statements.count == 1, let statement = statements.first, statement.kind == .selectStmt,
            statement.pointer(to: PgQuery__SelectStmt.self).pointee.n_distinct_clause == 0,
            let target = onlyChild(of: statement), target.kind == .resTarget,
            let function = onlyChild(of: target), function.kind == .funcCall
        else { return nil }
        let call = function.unpacked(as: PgQuery__FuncCall.self)
        guard TableName.joined(names(call.n_funcname, call.funcname)) == Facts.revealFunction,
            call.agg_within_group == 0, call.agg_star == 0,
            call.agg_distinct == 0, call.func_variadic == 0,
            function.children.count == call.n_funcname + call.n_args,
            (1...Facts.maximumRevealedTokens).contains(call.n_args)
        else { return nil }
        let tokens = messages(call.n_args, call.args).compactMap(\.textConstant)
        return tokens.count == call.n_args ? tokens : nil
    }

    /// What has any other part, a FROM, a WITH or an ORDER BY, has more than one.
    private static func onlyChild(of message: Message) -> Message? {
        let children = message.children
        return children.count == 1 ? children[0] : nil
    }
}

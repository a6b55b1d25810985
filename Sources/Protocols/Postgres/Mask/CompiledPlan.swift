import Contract
import Detection
import Masking

/// A mask plan made ready for one row shape. Serves one thread: its engine has room of its own, and its names are remembered.
final class CompiledPlan {
    /// What happens to one column. A class, since every value asks for it.
    final class Column {
        /// A column rule: the style and the counter's index. Decides about the whole value.
        let rule: (style: Style, counter: Int)?
        /// Without such a rule: those about places within the value.
        let paths: ColumnPaths?
        /// The rule masks NULL as well: whether there is a value tells what the column was computed from.
        let masksNull: Bool
        let substitute: Substitute
        /// Nil for text and for types that only NULL can stand for.
        let styled: StyledType?
        /// What a style can show of its values.
        let shown: ShownKind
        /// Values of `char(n)` come with blanks behind them, which are no part of the value.
        let isPadded: Bool
        let kind: ValueKind
        /// What the column's names say to the detectors.
        let near: FieldContext
        let look: Look

        init(
            rule: (style: Style, counter: Int)?, paths: ColumnPaths?, masksNull: Bool, substitute: Substitute,
            styled: StyledType?, shown: ShownKind, isPadded: Bool, kind: ValueKind, near: FieldContext, look: Look
        ) {
            self.rule = rule
            self.paths = paths
            self.masksNull = masksNull
            self.substitute = substitute
            self.styled = styled
            self.shown = shown
            self.isPadded = isPadded
            self.kind = kind
            self.near = near
            self.look = look
        }
    }

    /// When a detector must look at a value, given a scan over the bytes that hold it.
    enum Look { case never, whenTriggered, always }

    /// The columns of one kind of row and how to treat it.
    struct Shape {
        let columns: [Column]
        /// Nil when the columns are not known.
        let expected: Int?
        /// Column rules exist and nobody knows which field they mean: every field is withheld.
        let withholds: Bool
        /// Whether any column needs the candidates of a scan over the wire bytes.
        let scans: Bool
        /// How many of the columns are left out, and the first one that is not.
        let dropped: Int
        let firstKept: Int

        func masksNull(_ field: Int) -> Bool { columns.indices.contains(field) && columns[field].masksNull }
    }

    let rows: Shape
    let copy: Shape
    let hasColumnRules: Bool
    /// The rules that refuse a reply whose columns are not known, and one with a value that cannot be read.
    let refusesUnknownColumns: String?
    let refusesUnreadable: String?
    let engine: DetectionEngine?
    let styles: DetectorStyles
    let substitutes: Substitutes
    /// What the plan's names say of keys in JSON values.
    let names: NameTable
    /// What counts of rules are called.
    let ruleNames: [String]

    private static let computedCounter = 0
    private static let outputCounter = 1
    private static let firstPatternCounter = 2

    static func isEmpty(_ plan: MaskPlan) -> Bool {
        plan.detectors.isEmpty && !hasColumnRules(plan)
    }

    private static func hasColumnRules(_ plan: MaskPlan) -> Bool {
        !plan.columns.isEmpty || !plan.computedOutputs.isEmpty || plan.allComputed || !plan.outputs.isEmpty
            || plan.allOutputs
    }

    init(_ batch: MaskBatch, engine: DetectionEngine?, styles: DetectorStyles, keys: MaskingKeys) throws(MaskError) {
        let plan = batch.plan
        self.engine = engine
        self.styles = styles
        substitutes = Substitutes(engine: engine, keys: keys)
        names = NameTable(detection: engine, rules: [])
        hasColumnRules = CompiledPlan.hasColumnRules(plan)
        refusesUnknownColumns = plan.columns.first { $0.refuseOnFailure }?.rule
        refusesUnreadable = plan.detectors.first { $0.refuseOnFailure }?.rule
        ruleNames = ["computed", "output"] + plan.columns.map(\.pattern)
        var patterns: [ColumnPattern] = []
        for rule in plan.columns { patterns.append(try ColumnPattern(rule.pattern)) }
        rows = try CompiledPlan.shape(
            batch, patterns, known: batch.columnsKnown, copy: false, engine: engine, rules: hasColumnRules)
        copy = try CompiledPlan.shape(
            batch, patterns, known: batch.columnsKnown && !batch.columns.isEmpty, copy: true, engine: engine,
            rules: hasColumnRules)
    }

    private static func shape(
        _ batch: MaskBatch, _ patterns: [ColumnPattern], known: Bool, copy: Bool, engine: DetectionEngine?, rules: Bool
    ) throws(MaskError) -> Shape {
        let columns = known ? try CompiledPlan.columns(batch, patterns, copy: copy, engine: engine) : []
        return Shape(
            columns: columns, expected: known ? columns.count : nil, withholds: rules && !known,
            scans: engine != nil
                && (known ? columns.contains { $0.rule == nil && $0.paths == nil && $0.kind.readsWireText } : !rules),
            dropped: columns.count(where: \.isDropped),
            firstKept: columns.firstIndex { !$0.isDropped } ?? columns.count)
    }

    private static func columns(
        _ batch: MaskBatch, _ patterns: [ColumnPattern], copy: Bool, engine: DetectionEngine?
    ) throws(MaskError) -> [Column] {
        let plan = batch.plan
        let computed = Set(plan.computedOutputs)
        var outputs: [UInt32: [Style]] = [:]
        var within: [UInt32: [OutputMask]] = [:]
        var withNull: Set<UInt32> = []
        for mask in plan.outputs {
            if mask.unlessTable, Int(mask.index) < batch.columns.count, batch.columns[Int(mask.index)].isOfTable {
                continue
            }
            if !mask.paths.isEmpty, !mask.computed {
                within[mask.index, default: []].append(mask)
                continue
            }
            // A computed value is never shown in part: of NULL there is no part, and no hash of its own.
            let style = mask.computed ? max(.redact, try Style(mask)) : try Style(mask)
            outputs[mask.index, default: []].append(style)
            if mask.computed { withNull.insert(mask.index) }
        }
        var styles: [Style] = []
        for mask in plan.columns { styles.append(try Style(mask)) }
        // A mask of a column that is not here was meant for other columns than these.
        let all =
            plan.allOutputs
            || plan.outputs.contains { mask in
                mask.index >= batch.columns.count
            }
        var columns: [Column] = []
        for (index, column) in batch.columns.enumerated() {
            let binary = copy ? batch.copy.format == "binary" : column.format != 0
            // COPY text carries no types: where the batch knows none, the client reads text.
            let untyped = copy && column.type == 0
            let substitute = untyped && !binary ? Substitute.text : Substitute(type: column.type, binary: binary)
            let styled = untyped ? nil : StyledType(type: column.type, binary: binary)
            let shown = ShownKind(substitute, styled)
            var rule: (style: Style, counter: Int)?
            // The count is that of the strictest, the first of equals.
            var strictest: Style?
            func add(_ told: Style, counter: Int) {
                let style = told.effective(on: shown)
                let isStricter = strictest.map { $0 < style } ?? true
                if isStricter { strictest = style }
                rule = (
                    rule?.style.merged(with: style) ?? style, isStricter ? counter : rule?.counter ?? counter
                )
            }
            let names = ResultNames(column)
            let outputPaths = within[UInt32(index)] ?? []
            var paths = PathRules()
            for (number, pattern) in patterns.enumerated() where pattern.matches(names) {
                let mask = plan.columns[number]
                let counter = firstPatternCounter + number
                if mask.paths.isEmpty {
                    add(styles[number], counter: counter)
                } else if column.isOfTable && pattern.matches(originOf: names)
                    || outputPaths.contains(where: { $0.paths == mask.paths && $0.style == mask.style })
                {
                    try paths.add(mask.paths, styles[number], counter, mask.refuseOnFailure ? mask.rule : nil)
                } else {
                    // What goes by its name, or comes from a view, may be made of some part of the value.
                    add(max(.redact, styles[number]), counter: counter)
                }
            }
            for mask in outputPaths {
                try paths.add(mask.paths, try Style(mask), outputCounter, mask.refuseOnFailure ? mask.rule : nil)
            }
            for style in outputs[UInt32(index)] ?? [] { add(style, counter: outputCounter) }
            let isComputed =
                all && !column.isOfTable
                || !column.hasOrigin_p && (plan.allComputed || computed.contains(UInt32(index)))
            if isComputed { add(.redact, counter: computedCounter) }
            // More than can be followed through a document: all of it goes.
            if paths.steps > ValuePath.maximumColumnSteps { add(.redact, counter: outputCounter) }
            // What is shown in part of all shows what stands in that part.
            if rule != nil { for style in paths.styles { add(style, counter: outputCounter) } }
            // What the client was told of stays, without its values.
            if column.dropped {
                rule = (.drop, rule?.counter ?? outputCounter)
            } else if let told = rule, told.style == .drop {
                rule = (.null, told.counter)
            }
            let near =
                engine.map { $0.context(column: column.name).union($0.context(column: column.originColumn)) } ?? .none
            let every = !near.isEmpty || engine?.looksAtEveryValue == true
            let kind: ValueKind =
                untyped
                ? (binary ? .unknown : .anyText)
                : ValueKind(ValueType(column.type), binary: binary, isTold: every)
            let documents =
                untyped ? DocumentKind.any(binary: binary) : DocumentKind(ValueType(column.type), binary: binary)
            columns.append(
                Column(
                    rule: rule, paths: rule == nil ? paths.compiled(documents, engine) : nil,
                    masksNull: column.dropped || isComputed || withNull.contains(UInt32(index)),
                    substitute: substitute, styled: styled, shown: shown, isPadded: column.type == 1042, kind: kind,
                    near: near,
                    look: engine == nil || kind == .skip
                        ? .never : kind.showsOnWire && !every ? .whenTriggered : .always))
        }
        return columns
    }
}

extension ShownKind {
    fileprivate init(_ substitute: Substitute, _ styled: StyledType?) {
        switch substitute {
        case .text: self = .text
        case .json, .jsonb, .xml: self = .document
        case .none: self = styled.map { .typed($0.shown) } ?? .nothing
        }
    }
}

extension CompiledPlan.Column {
    var isDropped: Bool { rule?.style == .drop }

    /// Whether a value of so many bytes, for which the scan proposes nothing, stays as it is: numbers may be too long.
    func passesQuiet(bytes: Int) -> Bool {
        look == .whenTriggered && (bytes <= PostgresText.maximumNumberDigits || kind != .decimal)
    }
}

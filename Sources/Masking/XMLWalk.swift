import Detection

/// Edits what rules' paths name in XML: the content of elements, which are members of what encloses them, and the values of
/// attributes, which are members called `@name`.
///
/// A named element loses all that it holds, its attributes' values too; only what it is called stays, and namespaces.
/// Comments and processing instructions that may hold elements, which no path could name, go as well.
struct XMLWalk {
    private struct Level {
        let standing: Standing
        let contentStart: Int
    }

    /// An element whose content goes.
    private struct Hidden {
        let level: Int
        let rule: Int
        /// What its name says.
        let context: FieldContext
        /// What its text says; nil when it holds more than text.
        var text: [UInt8]? = []
    }

    private let names: NameTable
    private let bytes: UnsafeRawBufferPointer
    private let near: FieldContext
    private var levels: [Level] = []
    private var hidden: Hidden?
    private(set) var list = EditList()

    /// - Parameter near: what the column that holds it says of its values.
    init(_ bytes: UnsafeRawBufferPointer, _ names: NameTable, near: FieldContext) {
        self.bytes = bytes
        self.names = names
        self.near = near
    }

    /// False when the bytes are no XML that is understood.
    mutating func run(_ engine: inout MaskEngine) -> Bool {
        var reader = XMLReader(bytes)
        while let step = reader.next() {
            switch step {
            case .end: return true
            case .aside(let range): leaveOut(range)
            case .text(let range, let isLiteral):
                if hidden?.text != nil {
                    guard let text = text(range, isLiteral) else { return false }
                    hidden?.text? += text
                }
            case .open(let name, let attributes, let isEmpty):
                guard open(name, attributes, isEmpty: isEmpty, contentStart: reader.index, &engine) else {
                    return false
                }
            case .close(let tag): close(tag, &engine)
            }
        }
        return false
    }

    private mutating func leaveOut(_ aside: Range<Int>) {
        guard hidden == nil else {
            hidden?.text = nil
            return
        }
        if bytes[aside].dropFirst().contains(0x3c) { list.replace(aside, with: []) }
    }

    private func text(_ range: Range<Int>, _ isLiteral: Bool) -> [UInt8]? {
        if isLiteral { return Array(bytes[range].dropFirst("<![CDATA[".utf8.count).dropLast("]]>".utf8.count)) }
        return ValueEncoding.xml.decode(bytes.part(range))?.bytes
    }

    private mutating func open(
        _ name: Range<Int>, _ attributes: [XMLReader.Attribute], isEmpty: Bool, contentStart: Int,
        _ engine: inout MaskEngine
    ) -> Bool {
        if hidden != nil {
            hidden?.text = nil
            if !isEmpty { levels.append(Level(standing: Standing(), contentStart: contentStart)) }
            return true
        }
        let meaning = names.meaning(of: Array(bytes[name]))
        let standing = member(meaning, of: levels.last?.standing ?? names.root)
        for attribute in attributes where !attribute.declaresNamespace {
            let attributeMeaning = names.meaning(of: [0x40] + bytes[attribute.name])
            guard let rule = standing.rule ?? member(attributeMeaning, of: standing).rule else { continue }
            guard let value = ValueEncoding.xml.decode(bytes.part(attribute.value)) else { return false }
            replace(attribute.value, value.bytes, rule, attributeMeaning.context, &engine)
        }
        if !isEmpty {
            if let rule = standing.rule { hidden = Hidden(level: levels.count, rule: rule, context: meaning.context) }
            levels.append(Level(standing: standing, contentStart: contentStart))
        }
        return true
    }

    private mutating func close(_ tag: Range<Int>, _ engine: inout MaskEngine) {
        guard let level = levels.popLast() else { return }
        guard let last = hidden, last.level == levels.count else { return }
        hidden = nil
        replace(level.contentStart..<tag.lowerBound, last.text, last.rule, last.context, &engine)
    }

    private func member(_ meaning: NameTable.Meaning, of parent: Standing) -> Standing {
        names.standing(meaning, enclosing: [], in: parent)
    }

    private mutating func replace(
        _ range: Range<Int>, _ text: [UInt8]?, _ rule: Int, _ context: FieldContext, _ engine: inout MaskEngine
    ) {
        guard !range.isEmpty else { return }
        let rule = names.rules[rule]
        engine.count(rule: rule.counter)
        var new: [UInt8] = []
        if rule.style < .null {
            if let text {
                text.withUnsafeBytes { engine.appendWhole(rule.style, $0, near: context.union(near), to: &new) }
            } else {
                new = Substitutes.redacted
            }
        }
        list.replace(range, with: ValueEncoding.xml.encode(new))
    }
}

import Detection
import PolicyFiles
import StrictYAML

extension CustomDictionary {
    init(
        _ name: String, _ node: StrictNode, _ file: PolicyFiles.File, _ files: PolicyFiles
    ) throws(ConfigurationError) {
        var map = try node.mapping()
        var mistakes = Mistakes()
        self.init(entity: name, words: [])
        let inline = mistakes.attempt(try map.nonEmpty("words"))
        let source = mistakes.attempt(try map.nonEmpty("file"))
        if let node = mistakes.attempt(try map.nonEmpty("case_sensitive")) {
            isCaseSensitive = mistakes.attempt(try node.bool()) ?? false
        }
        if let node = mistakes.attempt(try map.nonEmpty("confidence")) {
            confidence = mistakes.attempt(try node.confidence()) ?? .medium
        }
        mistakes.attempt(try map.finish())
        if let inline { mistakes.attempt(try addWords(inline)) }
        if let source { mistakes.attempt(try addWords(of: source, file, files)) }
        try mistakes.finish()
        guard (inline == nil) != (source == nil) else { throw node.error("use either “words” or “file”") }
        do throws(DetectionError) { try check() } catch { throw node.error(error.message) }
    }

    private mutating func addWords(_ node: StrictNode) throws(ConfigurationError) {
        var mistakes = Mistakes()
        for item in node.isSequence ? try node.sequence() : [node] {
            guard let word = mistakes.attempt(try item.string()) else { continue }
            if let objection = Self.objection(to: word) {
                mistakes.add(item.error(objection))
            } else {
                words.append(word)
            }
        }
        try mistakes.finish()
        guard !words.isEmpty else { throw node.error("the dictionary has no words") }
    }

    /// A word a line; spaces around it do not count, nor do empty lines and those that begin with `#`.
    private mutating func addWords(
        of node: StrictNode, _ file: PolicyFiles.File, _ files: PolicyFiles
    ) throws(ConfigurationError) {
        // One that could not be read was a mistake then.
        guard let list = files.list(try node.string(), of: file) else { return }
        if let mistake = ConfigurationError(encodingOf: list.bytes, file: list.path) { throw mistake }
        let text = String(decoding: list.bytes, as: UTF8.self)
        var mistakes = Mistakes()
        // By scalars: of characters, a line's end in two bytes would be one of its own.
        let scalars = text.unicodeScalars
        let content = scalars.first == Self.byteOrderMark ? scalars.dropFirst() : scalars[...]
        let lines = content.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let word = Self.word(of: line)
            guard !word.isEmpty, !word.hasPrefix("#") else { continue }
            if let objection = Self.objection(to: word) {
                mistakes.add(ConfigurationError(file: list.path, line: index + 1, column: 1, message: objection))
            } else {
                words.append(word)
            }
        }
        try mistakes.finish()
        guard !words.isEmpty else { throw node.error("“\(list.path)” has no words") }
    }

    private static let byteOrderMark: Unicode.Scalar = "\u{FEFF}"

    /// What is wrong with a word; nil: nothing.
    private static func objection(to word: String) -> String? {
        guard isWord(word) else { return wordRule }
        let scalars = word.unicodeScalars
        guard let hidden = [scalars.first, scalars.last].compactMap(\.self).first(where: isUnseen) else { return nil }
        let code = String(hidden.value, radix: 16, uppercase: true)
        let padding = String(repeating: "0", count: max(0, 4 - code.count))
        return
            "the word begins or ends with a space or a character that is not seen, U+\(padding)\(code): it would not be found"
    }

    private static func isUnseen(_ scalar: Unicode.Scalar) -> Bool {
        let properties = scalar.properties
        return properties.isWhitespace || properties.isDefaultIgnorableCodePoint
            || properties.generalCategory == .control
            || properties.generalCategory == .format
    }

    private static func word(of line: Substring.UnicodeScalarView) -> String {
        func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" || scalar == "\r" }
        var rest = line
        while let first = rest.first, isSpace(first) { rest.removeFirst() }
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return String(rest)
    }
}

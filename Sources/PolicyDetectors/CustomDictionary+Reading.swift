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
        let inline = mistakes.attempt(try map.filled("words"))
        let source = mistakes.attempt(try map.filled("file"))
        if let node = mistakes.attempt(try map.filled("case_sensitive")) {
            isCaseSensitive = mistakes.attempt(try node.bool()) ?? false
        }
        if let node = mistakes.attempt(try map.filled("confidence")) {
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
            if CustomDictionary.isWord(word) {
                words.append(word)
            } else {
                mistakes.add(item.error(CustomDictionary.wordRule))
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
        guard let text = String(validating: list.bytes, as: UTF8.self) else {
            throw ConfigurationError(file: list.path, message: "is not valid UTF-8")
        }
        var mistakes = Mistakes()
        // By scalars: of characters, a line's end in two bytes would be one of its own.
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let word = Self.word(of: line)
            guard !word.isEmpty, !word.hasPrefix("#") else { continue }
            if CustomDictionary.isWord(word) {
                words.append(word)
            } else {
                mistakes.add(
                    ConfigurationError(
                        file: list.path, line: index + 1, column: 1, message: CustomDictionary.wordRule))
            }
        }
        try mistakes.finish()
        guard !words.isEmpty else { throw node.error("“\(list.path)” has no words") }
    }

    private static func word(of line: Substring.UnicodeScalarView) -> String {
        func isSpace(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" || scalar == "\r" }
        var rest = line
        while let first = rest.first, isSpace(first) { rest.removeFirst() }
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return String(rest)
    }
}

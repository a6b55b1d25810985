extension String {
    /// Lines that have their newline: of a file that somebody writes, those that are whole.
    public var wholeLines: [String] {
        guard let last = lastIndex(of: "\n") else { return [] }
        return self[..<last].split(separator: "\n").map(String.init)
    }
}

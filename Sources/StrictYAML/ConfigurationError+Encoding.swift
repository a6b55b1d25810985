extension ConfigurationError {
    /// Says where bytes that are to be UTF-8 are none; nil when they are.
    public init?(encodingOf bytes: some Sequence<UInt8>, file: String) {
        var parser = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var (line, column) = (1, 1)
        while true {
            switch parser.parseScalar(from: &iterator) {
            case .emptyInput: return nil
            case .error:
                self.init(file: file, line: line, column: column, message: "is not valid UTF-8 from here on")
                return
            case .valid(let scalar):
                column += 1
                if scalar.first == 0x0a { (line, column) = (line + 1, 1) }
            }
        }
    }
}

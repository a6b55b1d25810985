/// A batch that cannot be masked: nothing of it may reach the client.
public struct MaskError: Error, Hashable, Sendable, CustomStringConvertible {
    public struct Code: Hashable, Sendable {
        public let name: String
        /// The bytes are not what the protocol says.
        public static let malformed = Code(name: "malformed")
        /// A row does not have the columns that the batch describes.
        public static let columnMismatch = Code(name: "column_mismatch")
        /// The plan asks for something that this masker does not know.
        public static let badPlan = Code(name: "bad_plan")
        /// A message or a format that carries values which this masker does not read.
        public static let unsupported = Code(name: "unsupported")
        public static let tooLarge = Code(name: "too_large")
        /// The detectors failed.
        public static let detection = Code(name: "detection")
    }
    public let code: Code
    /// For the client: carries nothing of the data.
    public let message: String

    public init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code.name): \(message)" }

    static func malformed(_ message: String) -> MaskError { MaskError(code: .malformed, message: message) }
}

/// Something that cannot be masked: nothing of it may reach the client.
public struct MaskError: Error, Hashable, Sendable, CustomStringConvertible {
    public struct Code: Hashable, Sendable {
        public let name: String
        public init(name: String) { self.name = name }

        /// The bytes are not what the protocol says.
        public static let malformed = Code(name: "malformed")
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

    public static func malformed(_ message: String) -> MaskError { MaskError(code: .malformed, message: message) }
}

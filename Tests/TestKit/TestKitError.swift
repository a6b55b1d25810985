/// Why a fixture could not do its work; the description carries what the program printed.
public struct TestKitError: Error, CustomStringConvertible, Sendable {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}

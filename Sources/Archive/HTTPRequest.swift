/// One request to the store.
struct HTTPRequest {
    enum Method: String {
        case get = "GET"
        case head = "HEAD"
        case put = "PUT"
        case post = "POST"
        case delete = "DELETE"
    }

    enum Body {
        case none
        case bytes([UInt8])
        /// A part of an open file, which stays open meanwhile.
        case file(descriptor: Int32, offset: Int64, length: Int64)
    }

    var method: Method
    var url: String
    /// Names in lower case. What begins with `x-amz-` is signed.
    var headers: [(name: String, value: String)] = []
    var body = Body.none
    /// SHA-256 of the body, which is signed.
    var bodyDigest: [UInt8]
    /// Gets the body of a success piece by piece instead of ``HTTPResponse/body``; false ends the transfer.
    var consumer: ((UnsafeRawBufferPointer) -> Bool)?
}

struct HTTPResponse {
    var status = 0
    /// Names in lower case.
    var headers: [String: String] = [:]
    var body: [UInt8] = []

    var isSuccess: Bool { (200..<300).contains(status) }
}

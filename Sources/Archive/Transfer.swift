import CCurl
import Glibc

/// One request under way: what libcurl's callbacks read and write.
final class Transfer {
    var response = HTTPResponse()
    private(set) var isCancelled = false
    private(set) var isTooLarge = false
    private let request: HTTPRequest
    private let goesOn: () -> Bool
    private var sent: Int64 = 0
    private var headerBytes = 0
    /// Of the answer whose headers come now; libcurl passes those of `100 Continue` too.
    private var status = 0

    init(_ request: HTTPRequest, goesOn: @escaping () -> Bool) {
        self.request = request
        self.goesOn = goesOn
    }

    static func from(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    var bodyLength: Int64 {
        switch request.body {
        case .none: 0
        case .bytes(let bytes): Int64(bytes.count)
        case .file(_, _, let length): length
        }
    }

    /// A piece of the answer; fewer bytes than given end the transfer (CURLOPT_WRITEFUNCTION).
    func take(_ piece: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        let bytes = UnsafeRawBufferPointer(start: piece, count: count)
        if let consumer = request.consumer, (200..<300).contains(status) {
            guard consumer(bytes) else {
                isCancelled = true
                return 0
            }
            return count
        }
        guard response.body.count + count <= HTTPClient.maxBodyBytes else {
            isTooLarge = true
            return 0
        }
        response.body.append(contentsOf: bytes)
        return count
    }

    func takeHeader(_ piece: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        headerBytes += count
        guard headerBytes <= HTTPClient.maxHeaderBytes else {
            isTooLarge = true
            return 0
        }
        let line = String(decoding: UnsafeRawBufferPointer(start: piece, count: count), as: UTF8.self)
        if line.hasPrefix("HTTP/") {
            response.headers = [:]
            status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...]
            response.headers[line[..<colon].lowercased()] = trimmed(value)
        }
        return count
    }

    private func trimmed(_ text: Substring) -> String {
        let isSpace = { (character: Character) in character.isWhitespace }
        var rest = text.drop(while: isSpace)
        while rest.last.map(isSpace) == true { rest.removeLast() }
        return String(rest)
    }

    func give(_ room: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        let wanted = Int(min(Int64(count), bodyLength - sent))
        guard wanted > 0, let room else { return 0 }
        switch request.body {
        case .none: return 0
        case .bytes(let bytes):
            UnsafeMutableRawBufferPointer(start: room, count: wanted).copyBytes(
                from: bytes[Int(sent)..<Int(sent) + wanted])
            sent += Int64(wanted)
            return wanted
        case .file(let descriptor, let offset, _):
            let done = pread(descriptor, room, wanted, Int(offset + sent))
            guard done > 0 else { return Int(CURL_READFUNC_ABORT) }
            sent += Int64(done)
            return done
        }
    }

    func seek(_ offset: Int64, _ origin: Int32) -> Int32 {
        guard origin == SEEK_SET, (0...bodyLength).contains(offset) else { return CURL_SEEKFUNC_FAIL }
        sent = offset
        return CURL_SEEKFUNC_OK
    }

    /// Other than 0 ends the transfer (CURLOPT_XFERINFOFUNCTION).
    func progress() -> Int32 {
        guard !goesOn() else { return 0 }
        isCancelled = true
        return 1
    }
}

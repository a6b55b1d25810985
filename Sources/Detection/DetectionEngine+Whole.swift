extension DetectionEngine {
    /// The entity that the whole of `bytes` is, without the pattern matcher: an e-mail address, a card number or an SSN.
    public static func entity(ofWhole bytes: UnsafeRawBufferPointer) -> Entity? {
        let scope = Scope(bytes: bytes, lower: 0, upper: bytes.count)
        if let at = bytes.firstIndex(of: 0x40) { return scope.email(at: at) == 0..<bytes.count ? .email : nil }
        guard let last = bytes.last, last.isDigit, bytes.count <= 64 else { return nil }
        var whole: Entity?
        if scope.dashedSocialSecurityNumber(end: bytes.count) == 0..<bytes.count { return .usSSN }
        scope.cards(in: 0..<bytes.count) { if $0 == 0..<bytes.count { whole = .creditCard } }
        return whole
    }
}

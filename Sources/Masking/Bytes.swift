extension UnsafeRawBufferPointer {
    @inlinable public func part(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[range])
    }
}

extension Slice<UnsafeRawBufferPointer> {
    /// How many bytes of it end a line: LF, or CR and LF.
    var lineEndBytes: Int {
        guard last == 0x0a else { return 0 }
        return dropLast().last == 0x0d ? 2 : 1
    }
}

extension UInt8 {
    /// What a hexadecimal digit stands for.
    public var hexadecimalValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x37
        case 0x61...0x66: self - 0x57
        case _: nil
        }
    }
}

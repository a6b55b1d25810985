import CMalloc

/// The C library's allocator, as programs need it that hand on reply batches.
public enum Allocator {
    /// A larger block is the kernel's, and goes back to it at once.
    private static let largestKept: Int32 = 1 << 20
    /// Free bytes at an arena's end above which they go back to the kernel.
    private static let keptBytes: Int32 = 2 << 20

    /// Keeps the memory that a batch was in for the next one. By itself the allocator gives blocks of that size back each time,
    /// and the kernel clears them page by page before they are there again. To be called before threads start.
    public static func keepBatches() {
        mallopt(M_MMAP_THRESHOLD, largestKept)
        mallopt(M_TRIM_THRESHOLD, keptBytes)
    }
}

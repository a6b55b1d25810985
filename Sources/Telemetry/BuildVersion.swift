/// The version of everything that is built here: `sluice --version`, metrics, status.
public enum BuildVersion {
    public static let current = "0.3.0"
}

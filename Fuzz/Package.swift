// swift-tools-version: 6.2
// Programs that look for inputs which crash a parser of Sluice, or break what it promises (docs/testing.md).
import PackageDescription

func sluice(_ name: String) -> Target.Dependency { .product(name: name, package: "sluice") }

let package = Package(
    name: "sluice-fuzz",
    dependencies: [.package(name: "sluice", path: "..")],
    targets: [
        .target(name: "FuzzKit"),
        .executableTarget(
            name: "ClassifierFuzz", dependencies: ["FuzzKit", sluice("PostgresClassify"), sluice("Contract")]),
        .executableTarget(
            name: "TableFuzz", dependencies: ["FuzzKit", sluice("PostgresMask"), sluice("Masking"), sluice("Contract")]),
        .executableTarget(name: "StreamFuzz", dependencies: ["FuzzKit", sluice("Masking"), sluice("Contract")]),
        .executableTarget(name: "DocumentFuzz", dependencies: ["FuzzKit", sluice("Masking"), sluice("Contract")]),
    ],
    swiftLanguageModes: [.v6]
)

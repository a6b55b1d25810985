// swift-tools-version: 6.2
// Programs that look for inputs which crash a parser of Sluice (docs/testing.md).
import PackageDescription

let package = Package(
    name: "sluice-fuzz",
    dependencies: [.package(name: "sluice", path: "..")],
    targets: [
        .executableTarget(
            name: "ClassifierFuzz",
            dependencies: [
                .product(name: "PostgresClassify", package: "sluice"), .product(name: "Contract", package: "sluice"),
            ])
    ],
    swiftLanguageModes: [.v6]
)

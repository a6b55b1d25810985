// swift-tools-version: 6.2
// `make bench-classifier`, `make bench-detect`, `make bench-masker` and `make bench-search`: what one part of Sluice costs by itself. What the whole costs is measured by run.sh.
import PackageDescription

let package = Package(
    name: "sluice-benchmarks",
    dependencies: [.package(name: "sluice", path: "..")],
    targets: [
        .executableTarget(
            name: "ClassifierBench",
            dependencies: [
                .product(name: "PostgresClassify", package: "sluice"), .product(name: "Contract", package: "sluice"),
                .product(name: "Gateway", package: "sluice"),
            ],
            path: "Classifier"),
        .executableTarget(
            name: "DetectBench", dependencies: [.product(name: "Detection", package: "sluice")], path: "Detect"),
        .executableTarget(
            name: "MaskBench",
            dependencies: [
                .product(name: "PostgresMask", package: "sluice"), .product(name: "Contract", package: "sluice"),
            ],
            path: "Mask"),
        .executableTarget(
            name: "SearchBench",
            dependencies: [
                .product(name: "Recording", package: "sluice"), .product(name: "Contract", package: "sluice"),
            ],
            path: "Search"),
    ],
    swiftLanguageModes: [.v6]
)

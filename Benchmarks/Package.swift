// swift-tools-version: 6.2
// A package of its own, without dependencies: what it measures is the release binary, from outside.

import PackageDescription

let package = Package(
    name: "flock-benchmarks",
    platforms: [.macOS(.v15)],
    targets: [
        .executableTarget(
            name: "flock-bench", dependencies: ["HAProxyStatistics"], swiftSettings: [.treatAllWarnings(as: .error)]),
        // Links to the files of Flock's own that read statistics, to be measured alone.
        .target(name: "HAProxyStatistics"),
    ]
)

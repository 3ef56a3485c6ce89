// swift-tools-version: 6.2
// The arrows between targets are those of docs/architecture.md; Tests/ArchitectureTests refuses others.

import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]
let safe: [SwiftSetting] = strict + [.strictMemorySafety()]

let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioFoundation = Target.Dependency.product(name: "NIOFoundationCompat", package: "swift-nio")

/// An executable parses its command line and starts its library's services; it holds no logic of its own.
func daemon(_ name: String, _ library: Target.Dependency) -> Target {
    .executableTarget(
        name: name,
        dependencies: [library, "FlockDaemon", "FlockCore", argumentParser, logging, serviceLifecycle],
        swiftSettings: safe)
}

func tests(_ library: String, _ more: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(library)Tests", dependencies: [.target(name: library), "FlockTesting"] + more, swiftSettings: strict)
}

let package = Package(
    name: "flock",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Marathon", targets: ["Marathon"]),
        .library(name: "HAProxy", targets: ["HAProxy"]),
        .library(name: "Git", targets: ["Git"]),
        .executable(name: "flock", targets: ["flock"]),
        .executable(name: "flock-hook", targets: ["flock-hook"]),
        .executable(name: "flock-haproxy", targets: ["flock-haproxy"]),
        .executable(name: "flock-scaler", targets: ["flock-scaler"]),
        .executable(name: "flock-backup", targets: ["flock-backup"]),
        .executable(name: "flock-engine", targets: ["flock-engine"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-asn1.git", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.36.0"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.8.0"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.0", traits: ["FullFoundation"]),
        .package(url: "https://github.com/hummingbird-project/swift-mustache.git", from: "2.1.0"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", from: "1.0.2"),
    ],
    targets: [
        .systemLibrary(name: "CLibgit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
        .target(
            name: "Git",
            dependencies: [
                "CLibgit2", asyncHTTPClient, nioCore, nioPosix, nioHTTP1, nioSSL, subprocess, systemPackage,
            ],
            swiftSettings: strict),
        .target(
            name: "Marathon", dependencies: [asyncHTTPClient, nioCore, nioPosix, nioHTTP1, nioFoundation],
            swiftSettings: safe),
        .target(
            name: "HAProxy", dependencies: [nioCore, nioPosix, subprocess, systemPackage, logging], swiftSettings: safe),
        .target(
            name: "FlockCore", dependencies: ["Marathon", asyncHTTPClient, crypto, nioCore, nioHTTP1, nioSSL],
            swiftSettings: safe),
        .target(
            name: "FlockDaemon",
            dependencies: [
                "FlockCore", argumentParser, hummingbird, hummingbirdCore, hummingbirdTLS, httpTypes, logging, nioCore,
                nioPosix, nioSSL, serviceLifecycle, unixSignals, yams,
            ],
            resources: [.embedInCode("Resources/flock.yaml")],
            swiftSettings: safe),
        .target(
            name: "FlockHook",
            dependencies: [
                "FlockCore", "Git", "Marathon", crypto, grdb, hummingbird, httpTypes, logging, nioCore, nioPosix,
                serviceLifecycle, subprocess, systemPackage,
            ], swiftSettings: safe),
        .target(
            name: "FlockHAProxy",
            dependencies: [
                "FlockCore", "HAProxy", "Marathon", asn1, asyncHTTPClient, crypto, hummingbird, httpTypes, logging,
                mustache, nioCore, nioHTTP1, nioSSL, serviceLifecycle, subprocess,
            ],
            resources: [
                .embedInCode("Resources/haproxy-map.cfg.mustache"), .embedInCode("Resources/haproxy-acl.cfg.mustache"),
                .embedInCode("Resources/haproxy-base.cfg.mustache"),
                .embedInCode("Resources/haproxy-request.cfg.mustache"),
                .embedInCode("Resources/haproxy-https.cfg.mustache"),
                .embedInCode("Resources/haproxy-log.cfg.mustache"),
                .embedInCode("Resources/haproxy-backend.cfg.mustache"),
            ],
            swiftSettings: safe),
        .target(
            name: "FlockScaler",
            dependencies: [
                "FlockCore", "HAProxy", "Marathon", asyncHTTPClient, hummingbird, httpTypes, logging, nioCore,
                nioFoundation, nioHTTP1, serviceLifecycle,
            ],
            swiftSettings: safe),
        .target(
            name: "FlockBackup",
            dependencies: [
                "FlockCore", "Marathon", asyncHTTPClient, hummingbird, httpTypes, logging, mustache, nioCore, nioPosix,
                nioHTTP1,
                serviceLifecycle,
            ],
            resources: [.embedInCode("Resources/waiting.html.mustache")],
            swiftSettings: safe),
        .target(
            name: "FlockEngine",
            dependencies: [
                "FlockCore", "Marathon", asyncHTTPClient, crypto, grdb, hummingbird, httpTypes, logging, nioCore,
                nioPosix, nioHTTP1, nioSSL, serviceLifecycle, subprocess, systemPackage,
            ], swiftSettings: safe),
        daemon("flock-hook", "FlockHook"),
        daemon("flock-haproxy", "FlockHAProxy"),
        daemon("flock-scaler", "FlockScaler"),
        daemon("flock-backup", "FlockBackup"),
        daemon("flock-engine", "FlockEngine"),
        .executableTarget(
            name: "flock",
            dependencies: [
                "FlockHook", "FlockHAProxy", "FlockScaler", "FlockBackup", "FlockEngine", "FlockDaemon", "FlockCore",
                "Git",
                "Marathon", argumentParser, asyncHTTPClient, logging, nioCore, nioFoundation, nioHTTP1,
                serviceLifecycle,
                unixSignals, subprocess,
            ],
            resources: [.embedInCode("Resources/post-receive"), .embedInCode("Resources/pre-receive")],
            swiftSettings: safe),
        .target(
            name: "FlockTesting",
            dependencies: [
                "FlockCore", "FlockDaemon", "Marathon", asyncHTTPClient, nioCore, nioPosix, nioFoundation, nioHTTP1,
                subprocess, systemPackage,
            ],
            path: "Tests/FlockTesting", swiftSettings: strict),
        tests("Git", [subprocess, systemPackage, nioCore, nioPosix]),
        tests("Marathon"),
        tests("HAProxy"),
        tests("FlockCore"),
        tests("FlockDaemon", [asyncHTTPClient, hummingbird, logging, serviceLifecycle, nioHTTP1]),
        tests(
            "FlockHook",
            ["FlockDaemon", "Git", asyncHTTPClient, grdb, logging, nioCore, nioHTTP1, serviceLifecycle]),
        tests("FlockHAProxy", [logging]),
        tests("FlockScaler", [asyncHTTPClient, logging]),
        tests("FlockBackup", ["flock-backup", "FlockCore", "Marathon", logging, nioCore, nioPosix, nioHTTP1]),
        tests("FlockEngine", [grdb]),
        .testTarget(name: "ArchitectureTests", dependencies: ["FlockTesting", subprocess], swiftSettings: strict),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "FlockTesting", "FlockCore", "Marathon", asyncHTTPClient, crypto, nioCore, nioHTTP1, yams,
                "flock", "flock-hook", "flock-haproxy", "flock-scaler", "flock-backup", "flock-engine",
            ], swiftSettings: strict),
    ]
)

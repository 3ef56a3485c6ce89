import FlockCore
import Foundation
import HAProxy

/// The files and sockets of one HAProxy.
struct HAProxyPaths: Sendable, Hashable {
    let folder: String

    var configuration: String { "\(folder)/haproxy.cfg" }
    var hostsMap: String { "\(folder)/hosts.map" }
    var appsMap: String { "\(folder)/apps.map" }
    var adminSocket: String { "\(folder)/admin.sock" }
    var masterSocket: String { "\(folder)/master.sock" }
    var pidFile: String { "\(folder)/haproxy.pid" }
    var log: String { "\(folder)/haproxy.log" }

    var files: HAProxyFiles {
        HAProxyFiles(configuration: configuration, masterSocket: masterSocket, pidFile: pidFile, logFile: log)
    }

    /// Of the last configuration that HAProxy took.
    func lastGood(_ path: String) -> String { path + ".good" }
    var managed: [String] { [hostsMap, appsMap, configuration] }
}

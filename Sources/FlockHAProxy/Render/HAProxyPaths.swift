import Crypto
import Foundation
import HAProxy

/// The files and sockets of one HAProxy.
struct HAProxyPaths: Sendable, Hashable {
    let folder: PathToken

    /// - Throws: when HAProxy's configuration cannot hold the path.
    init(folder: String) throws(HAProxyError) {
        guard folder.utf8.count < 900, let folder = PathToken(folder) else {
            throw HAProxyError(
                code: .system, operation: "use \(folder)", message: "HAProxy cannot read this path",
                hint: "set state to a folder whose path has neither spaces nor quotes")
        }
        self.folder = folder
    }

    var configuration: String { "\(folder)/haproxy.cfg" }
    func map(_ name: RoutingMaps.Name) -> PathToken { folder.appending(name.file) }
    /// Holds what ``certificateList`` names.
    var certificates: String { "\(folder)/certificates" }
    /// - Returns: `nil` for a name that HAProxy cannot read.
    func certificate(_ name: String) -> PathToken? { PathToken("\(certificates)/\(name).pem") }
    var certificateList: PathToken { folder.appending("certificates.list") }
    var certificateTrial: PathToken { folder.appending("certificates.trial") }
    var selfSigned: String { "\(folder)/self-signed.pem" }
    var adminSocket: String { "\(folder)/admin.sock" }
    var masterSocket: String { "\(folder)/master.sock" }
    /// Where a new worker gets the stick tables of the one before.
    var peersSocket: String { "\(folder)/peers.sock" }
    /// The same where HAProxy is started by root: its workers have become somebody else, who may not enter the folder.
    /// Whoever is on this machine may speak to it; all that can be said there is that apps are used.
    var abstractPeers: String {
        "abns@flock-" + SHA256.hash(data: Data(folder.rawValue.utf8)).prefix(8).map { String($0, radix: 16) }.joined()
    }
    var pidFile: String { "\(folder)/haproxy.pid" }
    /// A line for each request, until it was taken from here.
    var requests: String { "\(folder)/requests.spool" }
    var requestsMark: String { "\(folder)/requests.mark" }
    var log: String { "\(folder)/haproxy.log" }

    var files: HAProxyFiles {
        HAProxyFiles(
            configuration: configuration, masterSocket: masterSocket, pidFile: pidFile, logFile: log,
            outputFile: requests)
    }

    /// Of the last configuration that HAProxy took.
    func lastGood(_ path: String) -> String { path + ".good" }
    /// Maps first: a configuration never names a file that is not there.
    var managed: [String] { RoutingMaps.Name.allCases.map { map($0).rawValue } + [configuration] }
}

import FlockCore
import Foundation
import NIOHTTP1

/// Whether it is this scaler that acts, where there are several: every flock-backup gives its lease to one.
struct ScalerTurn: Sendable {
    private static let timeout = Duration.seconds(1)
    /// Between two renewals; the lease is longer than some of them.
    static let pause = Duration.seconds(1)

    /// Of this process alone.
    private let query = "/v1/turn?holder=\(UUID())"

    /// Takes the lease or renews it, on one flock-backup after the other and in one order, so that of two scalers one
    /// gets all.
    /// - Returns: whether no flock-backup has given it to another. One that does not answer has no say: that must not
    ///   keep apps small, and none sleeps without it.
    func take(_ backups: [PartClient]) async -> Bool {
        for (index, backup) in backups.enumerated() {
            do {
                _ = try await backup.open(.PUT, query, timeout: Self.timeout)
            } catch let error as PartClient.Failure where error.code == .conflict {
                // Two that know them in different orders must not keep each other from it.
                await giveBack(Array(backups[..<index]))
                return false
            } catch {
                continue
            }
        }
        return true
    }

    /// - Returns: whether all have heard it. On the others the lease ends by itself.
    @discardableResult
    func giveBack(_ backups: [PartClient]) async -> Bool {
        var isHeard = true
        for backup in backups {
            do {
                _ = try await backup.open(.DELETE, query, timeout: Self.timeout)
            } catch {
                isHeard = false
            }
        }
        return isHeard
    }
}

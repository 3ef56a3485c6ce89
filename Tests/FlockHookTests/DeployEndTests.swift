import FlockCore
import Foundation
import Testing

@testable import FlockHook

/// How deploys end, and what a restart makes of those that have not.
@Suite struct DeployEndTests: HookStoreExamples {
    @Test func `a deploy is cancelled until Marathon has it, and not moved on afterwards`() async throws {
        try await withStore { store in
            for state in DeployRecord.State.allCases {
                let deploy = try await receive(store, "\(state)", repository: "https://x/\(state)")
                if state.isFinal {
                    try await store.finish(deploy.id, state, reason: "ended")
                } else if state != .queued {
                    try await store.advance(deploy.id, to: state, "on its way")
                }
                _ = try await store.cancel(deploy.id)
                let after = try await store.deploy(deploy.id)?.state
                let isCancelled = [.queued, .resolving, .fetching, .checking, .building, .cancelled].contains(state)
                #expect(after == (isCancelled ? .cancelled : state))
                if after?.isFinal == true {
                    await #expect(throws: DeployEnded.self) {
                        try await store.advance(deploy.id, to: .submitting, "too late")
                    }
                    try await store.finish(deploy.id, .live, reason: "too late")
                    #expect(try await store.deploy(deploy.id)?.state == after)
                }
            }
            #expect(try await store.cancel(999) == nil)
        }
    }

    @Test func `after a restart, what was prepared begins again three times, and what was submitted stays`()
        async throws
    {
        try await withStore { store in
            let prepared = try await receive(store, "d1")
            let submitted = try await receive(store, "d2", repository: "https://x/blog")
            try await store.advance(submitted.id, to: .verifying, "waiting")
            for attempt in 1...3 {
                try await store.begin(prepared.id, "looking")
                try await store.advance(prepared.id, to: .building, "packing")
                try await store.recover(at: now)
                let state = try await store.deploy(prepared.id)?.state
                #expect(state == (attempt < 3 ? .queued : .failed))
            }
            let ended = try #require(try await store.deploy(prepared.id))
            #expect(ended.code == "interrupted" && ended.attempts == 3)
            #expect(try await store.deploy(submitted.id)?.state == .verifying)
        }
    }

    @Test func `after a restart, what was prepared gives way to a newer push`() async throws {
        try await withStore { store in
            let old = try await receive(store, "d1")
            try await store.begin(old.id, "looking")
            let new = try await receive(store, "d2")
            try await store.recover(at: now)
            #expect(try await store.deploy(old.id)?.summary == "superseded: deploy \(new.id) is newer")
            #expect(try await store.unfinished().map(\.id) == [new.id])
        }
    }
}

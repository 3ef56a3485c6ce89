import Foundation
import Marathon
import Testing

@testable import FlockBackup

@Suite struct StartFailureTests {
    static func failure(_ message: String, task: String = "t", state: String = "TASK_FAILED") -> TaskFailure {
        TaskFailure(appId: "/a", taskId: task, state: state, message: message, host: "h", timestamp: "", version: "1")
    }

    @Test(arguments: [
        ("Command exited with status 1", "exited_1"),
        ("Command exited with status 0", "exited_0"),
        ("Command exited with status 127", "exited_127"),
        ("Command terminated with signal SIGKILL", "killed_9"),
        ("Command terminated with signal Killed", "killed_9"),
        ("Command terminated with signal Segmentation fault", "killed_11"),
        ("Command terminated with signal 42", "killed_42"),
        ("Memory limit exceeded: 32 MB", "oom"),
        ("Memory limit exceeded: Requested: 32MB Maximum Used: 32MB", "oom"),
        ("Task was killed since health check failed. Reason: answered 500 to /", "check_failed"),
        ("Command exited with status 999", "failed"),
        ("Command exited with status 1\r\nX-Evil: yes", "exited_1"),
        ("Command terminated with signal <script>", "failed"),
        ("Error: secret at /app/server.js:1", "failed"),
        ("", "failed"),
    ])
    func messages(_ message: String, _ code: String) {
        #expect(StartFailure(Self.failure(message)).code == code)
    }

    @Test(
        "Marathon's queue",
        arguments: [
            (#"{"app": {"id": "/a"}, "delay": {"timeLeftSeconds": 0, "overdue": true}}"#, "not_launched"),
            (#"{"app": {"id": "/a"}, "delay": {"timeLeftSeconds": 9, "overdue": false}}"#, "launch_delayed"),
            (
                #"""
                {"app": {"id": "/a"}, "count": 1, "delay": {"timeLeftSeconds": 0, "overdue": true},
                 "processedOffersSummary": {"processedOffersCount": 3, "rejectSummaryLastOffers": [
                   {"reason": "UnfulfilledRole", "declined": 0, "processed": 3},
                   {"reason": "InsufficientCpus", "declined": 3, "processed": 3}]}}
                """#, "no_resources"
            ),
            (#"{"pod": {"id": "/a"}}"#, "not_launched"),
        ])
    func queue(_ json: String, _ code: String) throws {
        let item = try JSONDecoder().decode(QueuedLaunch.self, from: Data(json.utf8))
        #expect(StartFailure(item, isDeploying: true).code == code)
    }

    @Test func nothingQueued() {
        #expect(StartFailure(nil, isDeploying: true) == .deploying)
        #expect(StartFailure(nil, isDeploying: false) == .notLaunched)
    }
}

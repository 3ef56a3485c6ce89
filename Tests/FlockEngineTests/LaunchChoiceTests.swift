import FlockCore
import Foundation
import Testing

@testable import FlockEngine

struct ChosenLauncherTests {
    private static let bubblewrap = "/usr/bin/bwrap"

    private static func facts(
        _ userID: UInt32, systemd: Bool = false, manager: Bool = false, bubblewrap: String? = bubblewrap,
        refusal: String? = nil
    ) -> MachineFacts {
        MachineFacts(
            userID: userID, hasSystemd: systemd, hasUserManager: manager, bubblewrap: bubblewrap,
            bubblewrapRefusal: refusal)
    }

    @Test(arguments: [
        (Settings.Engine.Isolation.auto, facts(0, systemd: true), Isolation.systemd),
        (.auto, facts(0), .bwrap),
        (.auto, facts(1000), .plain),
        (.auto, facts(1000, systemd: true), .plain),
        (.auto, facts(1000, systemd: true, manager: true), .systemd),
        (.auto, facts(1000, systemd: true, manager: true, bubblewrap: nil), .plain),
        (.auto, facts(1000, systemd: true, manager: true, refusal: "no"), .plain),
        (.auto, facts(1000, bubblewrap: nil), .plain),
        (.systemd, facts(0, systemd: true), .systemd),
        (.systemd, facts(1000, systemd: true, manager: true), .systemd),
        (.bwrap, facts(0), .bwrap),
        (.bwrap, facts(0, systemd: true), .bwrap),
        (.plain, facts(1000, systemd: true, manager: true), .plain),
    ]) func `what can be had is chosen`(choice: Settings.Engine.Isolation, facts: MachineFacts, isolation: Isolation)
        throws
    {
        #expect(try choice.isolation(on: facts) == isolation)
    }

    @Test(arguments: [
        (Settings.Engine.Isolation.auto, facts(0, bubblewrap: nil), "apt-get install bubblewrap"),
        (.auto, facts(0, systemd: true, bubblewrap: nil), "apt-get install bubblewrap"),
        (.auto, facts(0, refusal: "bwrap: Creating new namespace failed"), "bwrap: Creating new namespace failed"),
        (.systemd, facts(0), "auto"),
        (.systemd, facts(1000, systemd: true), "loginctl enable-linger"),
        (.systemd, facts(0, systemd: true, bubblewrap: nil), "apt-get install bubblewrap"),
        (.bwrap, facts(1000), "takes root"),
        (.bwrap, facts(0, bubblewrap: nil), "apt-get install bubblewrap"),
        (.plain, facts(0), "apps would run as root"),
        (.plain, facts(0, systemd: true), "as an ordinary user"),
    ]) func `what cannot be had is refused, with what to do`(
        choice: Settings.Engine.Isolation, facts: MachineFacts, hint: String
    ) {
        let error = #expect(throws: EngineError.self) { try choice.isolation(on: facts) }
        #expect(error?.code == .isolationRefused && error?.message.contains(hint) == true, "\(error as Any)")
    }

    @Test func `the launcher is of the kind that was chosen`() throws {
        for (choice, facts, isolation) in [
            (Settings.Engine.Isolation.auto, Self.facts(0, systemd: true), Isolation.systemd),
            (.auto, Self.facts(1000), .plain), (.auto, Self.facts(1000, bubblewrap: nil), .plain),
        ] {
            #expect(try choice.launcher(on: facts, state: "/nowhere").isolation == isolation)
        }
        // No hierarchy of control groups.
        let error = #expect(throws: EngineError.self) {
            try Settings.Engine.Isolation.bwrap.launcher(on: Self.facts(0), state: "/nowhere")
        }
        #expect(error?.code == .isolationRefused && error?.message.contains("control group") == true)
    }

    @Test func `facts are those of this machine`() async {
        let facts = await MachineFacts.gather()
        #expect(facts.userID == getuid())
        #expect(facts.hasSystemd == FileManager.default.fileExists(atPath: "/run/systemd/system"))
    }
}

import FlockCore
import Testing

@Suite struct NearestTests {
    @Test(arguments: [("instance", "instances"), ("Mem", "mem"), ("cpu", "cpus"), ("idelAfter", "idleAfter")])
    func `a slip leads to the word that was meant`(_ word: String, _ meant: String) {
        let hint = Nearest.hint(for: word, among: ["instances", "mem", "cpus", "idleAfter"])
        #expect(hint == "did you mean \"\(meant)\"?")
    }

    @Test func `a word that is like none gets the list in order`() {
        #expect(Nearest.hint(for: "colour", among: ["mem", "cpus"]) == "known are: cpus, mem")
    }

    @Test func `a very long word is no burden`() {
        let long = String(repeating: "x", count: 1_000_000)
        #expect(Nearest.hint(for: "mem", among: [long, "men"]) == "did you mean \"men\"?")
    }
}

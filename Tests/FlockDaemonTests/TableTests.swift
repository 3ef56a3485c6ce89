import FlockDaemon
import Testing

@Suite struct TableTests {
    @Test func `columns are as wide as their widest cell and lines end without blanks`() {
        var table = Table(columns: ["APP", "N", "URL"])
        table.add(["shop", "10", ""])
        table.add(["a", "1", "http://x/"])
        #expect(
            table.render() == """
                APP    N    URL
                shop   10
                a      1    http://x/

                """)
    }

    @Test func `a row may be short`() {
        var table = Table(columns: ["A", "B"])
        table.add(["x"])
        #expect(table.render() == "A   B\nx\n")
    }
}

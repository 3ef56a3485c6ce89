internal import CLibgit2

/// One entry of one tree object, with its mode as it is stored: libgit2's usual accessor hides odd modes.
struct TreeEntry {
    enum Kind: Hashable {
        case file(executable: Bool)
        case link
        case folder
        case submodule
    }

    let name: [UInt8]
    let oid: git_oid
    let mode: UInt32

    init?(_ tree: borrowing Handle, at index: Int) {
        self.init(git_tree_entry_byindex(tree.pointer, index))
    }

    init?(_ tree: borrowing Handle, named name: String) {
        self.init(git_tree_entry_byname(tree.pointer, name))
    }

    private init?(_ entry: OpaquePointer?) {
        guard let entry, let name = git_tree_entry_name(entry), let oid = git_tree_entry_id(entry) else { return nil }
        var bytes: [UInt8] = []
        var next = name
        while next.pointee != 0 {
            bytes.append(UInt8(bitPattern: next.pointee))
            next += 1
        }
        self.name = bytes
        self.oid = oid.pointee
        mode = git_tree_entry_filemode_raw(entry).rawValue
    }

    /// Nil for every mode but the five that git writes today, so for set-uid (104755) and group-writable (100664).
    var kind: Kind? {
        switch mode {
        case 0o100644: .file(executable: false)
        case 0o100755: .file(executable: true)
        case 0o120000: .link
        case 0o040000: .folder
        case 0o160000: .submodule
        default: nil
        }
    }
}

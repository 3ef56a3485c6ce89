extension DescriptorObject {
    /// This object as what happens to requests before they reach the app.
    func http() -> HTTPOptions {
        var http = HTTPOptions()
        http.sticky = bool("sticky")
        http.h2 = bool("h2")
        http.users = object("users")?.users()
        http.allow = list(
            "allow", 1...HTTPOptions.mostNetworks,
            "a list of 1 to \(HTTPOptions.mostNetworks) networks such as \"10.0.0.0/8\"",
            each: "a network such as \"10.0.0.0/8\" or \"2001:db8::/32\"", IPNetwork.init)
        if let rate = object("rate") {
            http.rate = HTTPOptions.Rate(
                requests: rate.integer("requests", in: HTTPOptions.Rate.requestsRange) ?? 100,
                per: rate.span("per", in: HTTPOptions.Rate.spanRange) ?? TimeSpan(.seconds(10)))
            rate.close()
        }
        http.timeout = span("timeout", in: HTTPOptions.timeoutRange)
        close()
        return http
    }

    private func users() -> [String: PasswordHash]? {
        guard (1...HTTPOptions.mostUsers).contains(keys.count) else {
            note(.outOfRange, nil, "has \(keys.count) users; use 1 to \(HTTPOptions.mostUsers)")
            return nil
        }
        var users: [String: PasswordHash] = [:]
        for (name, value) in keys.sorted(by: { $0.key < $1.key }) {
            // What stands there may be the password itself: it is not repeated.
            if !HTTPOptions.isUser(name) {
                note(.outOfRange, name, "is no name of a user; use letters, digits and . _ @ -")
            } else if case .string(let text) = value, let hash = PasswordHash(text) {
                users[name] = hash
            } else {
                note(.wrongType, name, "is no hash of a password; write what \"openssl passwd -5\" prints")
            }
        }
        return users
    }
}

/// What an environment variable of an app is set to.
public enum EnvironmentValue: Sendable, Hashable {
    case text(String)
    /// A secret of the settings, by its name.
    case secret(String)
    /// A key below the prefix of the settings in Consul.
    case consul(String)
}

import GRDB

/// The tables, and how older ones become them.
///
/// Times are RFC 3339 texts in UTC. Rows of models and versions are never deleted: what vanished is marked.
enum Schema {
    /// "Apus" in ASCII: distinguishes the file from other programs' databases (`PRAGMA application_id`).
    static let applicationID: Int32 = 0x4170_7573

    /// The number of migrations, kept in `PRAGMA user_version`; a file with a higher one is refused.
    static var version: Int { steps.count }

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for (index, step) in steps.enumerated() {
            migrator.registerMigration(step.name) { db in
                try db.execute(sql: step.sql)
                try db.execute(sql: "PRAGMA user_version = \(index + 1)")
            }
        }
        return migrator
    }

    /// Name → SQL of everything that a database of `version` defines, from one made for the purpose.
    static func definitions(version: Int) throws -> [String: String] {
        guard steps.indices.contains(version - 1) else { return [:] }
        let model = try DatabaseQueue()
        try migrator.migrate(model, upTo: steps[version - 1].name)
        return try model.read(RegistryInspection.definitions)
    }

    /// Never changed once released; a change of the schema is a further step.
    private static let steps: [(name: String, sql: String)] = [
        ("1 models, versions, labels and events", modelsVersionsLabelsEvents),
        ("2 tokens", tokens),
    ]

    /// - `digest`: SHA-256 of the token in lower-case hexadecimal; the token itself is nowhere.
    private static let tokens = """
        CREATE TABLE tokens (
            name TEXT PRIMARY KEY CHECK (name <> ''),
            role TEXT NOT NULL CHECK (role IN ('predict', 'admin')),
            digest TEXT NOT NULL UNIQUE,
            created_at TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    /// - `versions.desired_by`, `labels.set_by`: who decided; what an operator decided is not overridden by the version policy or
    ///   the configuration file.
    /// - `versions.state`: the serving states, and NOT_LOADED for a version that this process has not touched.
    /// - `events`: append-only; triggers refuse any other change.
    private static let modelsVersionsLabelsEvents = """
        CREATE TABLE models (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE CHECK (name <> ''),
            base_path TEXT NOT NULL,
            is_configured INTEGER NOT NULL CHECK (is_configured IN (0, 1)),
            first_seen TEXT NOT NULL
        ) STRICT;

        CREATE TABLE versions (
            id INTEGER PRIMARY KEY,
            model_id INTEGER NOT NULL REFERENCES models (id) ON DELETE RESTRICT,
            version INTEGER NOT NULL CHECK (version >= 0),
            path TEXT NOT NULL,
            format TEXT,
            digest TEXT,
            byte_count INTEGER CHECK (byte_count >= 0),
            signatures TEXT CHECK (signatures IS NULL OR json_valid(signatures)),
            desired TEXT NOT NULL CHECK (desired IN ('serving', 'retired')),
            desired_by TEXT NOT NULL DEFAULT 'policy' CHECK (desired_by IN ('policy', 'operator')),
            state TEXT NOT NULL CHECK (state IN ('NOT_LOADED', 'START', 'LOADING', 'AVAILABLE', 'UNLOADING', 'END')),
            state_since TEXT NOT NULL,
            last_error_code TEXT,
            last_error TEXT,
            first_seen TEXT NOT NULL,
            loaded_at TEXT,
            unloaded_at TEXT,
            lost_at TEXT,
            UNIQUE (model_id, version)
        ) STRICT;

        CREATE TABLE labels (
            model_id INTEGER NOT NULL REFERENCES models (id) ON DELETE RESTRICT,
            label TEXT NOT NULL CHECK (label <> ''),
            version INTEGER NOT NULL,
            set_by TEXT NOT NULL DEFAULT 'configuration' CHECK (set_by IN ('configuration', 'operator')),
            assigned_at TEXT NOT NULL,
            PRIMARY KEY (model_id, label)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE events (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            time TEXT NOT NULL,
            actor TEXT NOT NULL,
            kind TEXT NOT NULL,
            model TEXT,
            version INTEGER,
            detail TEXT NOT NULL,
            outcome TEXT NOT NULL CHECK (outcome IN ('ok', 'failed'))
        ) STRICT;

        CREATE INDEX events_by_model ON events (model, sequence);

        CREATE TRIGGER events_keep_rows BEFORE DELETE ON events
        BEGIN SELECT RAISE (ABORT, 'events are append-only'); END;

        CREATE TRIGGER events_keep_values BEFORE UPDATE ON events
        BEGIN SELECT RAISE (ABORT, 'events are append-only'); END;
        """
}

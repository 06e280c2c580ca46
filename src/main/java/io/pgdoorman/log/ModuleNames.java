package io.pgdoorman.log;

import java.util.Map;

/**
 * Modules of pg_doorman by the loggers here that say what they said. One that has no counterpart of
 * its own stands for the next one above it, the last one for everything. Threads: immutable.
 */
final class ModuleNames {
    private static final String SEPARATOR = "::";
    private static final String ROOT = "pg_doorman";
    private static final String BASE = "io.pgdoorman";

    private static final Map<String, String> LOGGERS =
            Map.ofEntries(
                    Map.entry(ROOT, BASE),
                    Map.entry(ROOT + "::admin", BASE + ".admin"),
                    Map.entry(ROOT + "::app", BASE + ".runtime"),
                    Map.entry(ROOT + "::auth", BASE + ".auth"),
                    Map.entry(ROOT + "::client", BASE + ".session"),
                    Map.entry(ROOT + "::config", BASE + ".config"),
                    Map.entry(ROOT + "::messages", BASE + ".wire"),
                    Map.entry(ROOT + "::pool", BASE + ".pool"),
                    Map.entry(ROOT + "::pool::pool_coordinator", BASE + ".pool.Coordinator"),
                    Map.entry(ROOT + "::prometheus", BASE + ".metrics"),
                    Map.entry(ROOT + "::server", BASE + ".backend"),
                    Map.entry(ROOT + "::server::prepared_statement_cache", BASE + ".statement"),
                    Map.entry(ROOT + "::web", BASE + ".web"));

    private ModuleNames() {}

    /** The logger that stands for a module; a name that is not pg_doorman's is one itself. */
    static String logger(String module) {
        if (!module.equals(ROOT) && !module.startsWith(ROOT + SEPARATOR)) {
            return module;
        }
        for (String name = module; ; name = name.substring(0, name.lastIndexOf(SEPARATOR))) {
            String logger = LOGGERS.get(name);
            if (logger != null) {
                return logger;
            }
        }
    }
}

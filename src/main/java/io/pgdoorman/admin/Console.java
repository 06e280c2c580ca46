package io.pgdoorman.admin;

import io.pgdoorman.config.Setting;
import io.pgdoorman.log.JsonText;
import io.pgdoorman.pool.Pool;
import io.pgdoorman.pool.Shard;
import io.pgdoorman.session.Session;
import io.pgdoorman.wire.SqlState;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Carries out the commands of the admin console.
 *
 * <p>Threads: any but an event loop; commands may wait.
 */
public final class Console {
    private static final Logger LOG = LoggerFactory.getLogger(Console.class);

    /** Whatever changes something is in the audit log, with the connection it came by. */
    private static final Logger AUDIT = LoggerFactory.getLogger("io.pgdoorman.audit");

    private static final String LOG_LEVEL = "log_level";
    private static final String GENERAL = "general.";
    private static final Duration STEP = Duration.ofMillis(20);
    private static final List<String> COMMANDS =
            List.of(
                    "SHOW",
                    "SET",
                    "RELOAD",
                    "PAUSE",
                    "RESUME",
                    "SUSPEND",
                    "RECONNECT",
                    "WAIT_CLOSE",
                    "DISABLE",
                    "ENABLE",
                    "KILL",
                    "KILL_CLIENT",
                    "RESET",
                    "SHUTDOWN",
                    "UPGRADE");

    private final AdminHost host;
    private final Show show;

    public Console(AdminHost host) {
        this.host = host;
        this.show = new Show(host);
    }

    /**
     * What a command leads to.
     *
     * @param table rows; null if there are none
     * @param tag of CommandComplete
     */
    record Result(@Nullable Table table, String tag) {}

    /**
     * Who gives commands, and from where.
     *
     * @param prefix of lines of the log
     */
    record Operator(String name, String prefix, boolean mayChange, boolean bouncer) {}

    /**
     * What a command led to, for who is not connected as a client.
     *
     * @param text for people
     * @param json an array of rows, or an object
     */
    public record Answer(boolean ok, String text, String json) {}

    /** Carries out the commands in {@code text} for the owner of the process. */
    public Answer run(String text) throws InterruptedException {
        var operator = new Operator("ctl", "[ctl]", true, false);
        List<String> texts = new ArrayList<>();
        String json = "[]";
        try {
            for (List<CommandLexer.Word> command : CommandLexer.commands(text)) {
                Result result = execute(command, operator);
                Table table = result.table();
                if (table == null) {
                    texts.add(result.tag());
                    json = "{\"ok\":true,\"message\":%s}".formatted(JsonText.quoted(result.tag()));
                } else {
                    List<List<@Nullable String>> rows = table.texts();
                    texts.add(TableText.aligned(table, rows));
                    json = TableText.json(table, rows);
                }
            }
            return new Answer(true, String.join("\n", texts), json);
        } catch (ConsoleException e) {
            String hint = e.hint().isEmpty() ? "" : " (" + e.hint() + ")";
            String message = e.getMessage() + hint;
            return new Answer(
                    false,
                    message,
                    "{\"ok\":false,\"message\":%s}".formatted(JsonText.quoted(message)));
        }
    }

    /** Carries out one command. */
    Result execute(List<CommandLexer.Word> words, Operator operator)
            throws ConsoleException, InterruptedException {
        CommandLexer.Word verb = words.getFirst();
        List<CommandLexer.Word> rest = words.subList(1, words.size());
        if (verb.is("SHOW")) {
            return show(rest, operator);
        }
        String tag = DriverCommands.tag(words);
        if (tag != null) {
            return new Result(null, tag);
        }
        if (verb.is("SELECT")) {
            Table table = CatalogQueries.answer(words, host.version());
            return table == null
                    ? PsqlCompletion.answer(words, show.names())
                    : new Result(table, "SELECT");
        }
        String command = verb.quoted() ? "" : verb.text().toUpperCase(Locale.ROOT);
        if (!COMMANDS.contains(command)) {
            throw unknown(
                    "unrecognized command \"%s\"".formatted(verb.text()), verb.text(), COMMANDS);
        }
        if (!operator.mayChange()) {
            throw new ConsoleException(
                    SqlState.INSUFFICIENT_PRIVILEGE,
                    "user \"%s\" may only use SHOW".formatted(operator.name()),
                    "admin_users may use all commands.");
        }
        // Not the value of a setting, which may be a secret: the reload tells those that are none.
        AUDIT.info(
                "{} admin console: {}",
                operator.prefix(),
                verb.is("SET") ? text(words.subList(0, Math.min(2, words.size()))) : text(words));
        return switch (command) {
            case "SET" -> set(rest);
            case "RELOAD" -> {
                host.reload();
                yield new Result(null, "RELOAD");
            }
            case "PAUSE", "SUSPEND" -> pause(rest, command);
            case "RESUME" -> each(rest, "RESUME", Pool::resume);
            case "RECONNECT" -> each(rest, "RECONNECT", Pool::reconnect);
            case "WAIT_CLOSE" -> waitClose(rest);
            case "DISABLE" -> named(rest, "DISABLE", pool -> pool.setDisabled(true));
            case "ENABLE" -> named(rest, "ENABLE", pool -> pool.setDisabled(false));
            case "KILL" -> kill(rest);
            case "KILL_CLIENT" -> killClient(rest);
            case "RESET" -> reset(rest);
            case "SHUTDOWN" -> shutDown(rest);
            default -> upgrade(rest);
        };
    }

    /**
     * The answer to commands of which one waits for the handover that takes its console along.
     *
     * @return null if they are not answered there but repeated in the other process
     */
    static @Nullable Result ifMoved(String commands) {
        try {
            List<List<CommandLexer.Word>> all = CommandLexer.commands(commands);
            return all.size() == 1 ? ifMoved(all.getFirst()) : null;
        } catch (ConsoleException e) {
            return null;
        }
    }

    /** As {@link #ifMoved(String)}, for one command. */
    static @Nullable Result ifMoved(List<CommandLexer.Word> command) {
        if (command.size() < 2
                || !command.getFirst().is("UPGRADE")
                || command.get(1).is("STATUS")) {
            return null;
        }
        return new Result(
                Table.of("message")
                        .row("the handover is under way and has taken this console along"),
                "UPGRADE");
    }

    /** The columns a command answers with; null if it has none. Changes nothing. */
    @Nullable Table describe(List<CommandLexer.Word> words, Operator operator)
            throws ConsoleException, InterruptedException {
        if (words.isEmpty()) {
            return null;
        }
        CommandLexer.Word verb = words.getFirst();
        if (verb.is("SHOW") || verb.is("SELECT")) {
            return execute(words, operator).table();
        }
        if (verb.is("SHUTDOWN")) {
            return Table.of("success");
        }
        if (verb.is("UPGRADE")) {
            return Table.of(words.size() == 1 ? "success" : "message");
        }
        return null;
    }

    private static String text(List<CommandLexer.Word> words) {
        return words.stream().map(CommandLexer.Word::text).collect(Collectors.joining(" "));
    }

    private Result show(List<CommandLexer.Word> words, Operator operator)
            throws ConsoleException, InterruptedException {
        if (words.isEmpty()) {
            throw new ConsoleException(
                    SqlState.SYNTAX_ERROR,
                    "Unsupported query against the admin database, please use SHOW HELP for a list"
                            + " of supported subcommands",
                    "");
        }
        String name = words.getFirst().text();
        Table table = show.of(name, operator.bouncer());
        if (table == null) {
            throw unknown("Unsupported SHOW query against the admin database", name, show.names());
        }
        return new Result(table, "SHOW");
    }

    private static ConsoleException unknown(String message, String word, List<String> known) {
        return new ConsoleException(
                SqlState.SYNTAX_ERROR,
                message,
                Nearest.of(word, known)
                        .map("Did you mean %s?"::formatted)
                        .orElse("SHOW HELP lists the commands."));
    }

    private Result set(List<CommandLexer.Word> words)
            throws ConsoleException, InterruptedException {
        // A value may have commas and equals signs of its own, a filter of the log for example.
        List<CommandLexer.Word> value =
                words.stream().skip(1).dropWhile(word -> word.is("=") || word.is("TO")).toList();
        if (value.isEmpty()) {
            throw new ConsoleException(
                    SqlState.SYNTAX_ERROR, "SET requires: SET <parameter> = '<value>'", "");
        }
        String name = words.getFirst().text();
        String text = value.stream().map(CommandLexer.Word::text).collect(Collectors.joining());
        if (name.equalsIgnoreCase(LOG_LEVEL)) {
            host.setLogLevel(text);
        } else {
            host.set(changeable(name), text);
        }
        return new Result(null, "SET");
    }

    /** The full name of a setting, of which {@code general.} may be left out. */
    private String changeable(String name) throws ConsoleException {
        List<Setting> all = host.config().settings();
        for (Setting setting : all) {
            if (setting.name().equals(name) || setting.name().equals(GENERAL + name)) {
                return switch (setting.reload()) {
                    case LIVE, NEW_CONNECTIONS, POOL -> setting.name();
                    case RESTART ->
                            throw new ConsoleException(
                                    SqlState.CANT_CHANGE_RUNTIME_PARAM,
                                    "%s cannot be changed while the process runs"
                                            .formatted(setting.name()),
                                    "Change the file and use UPGRADE.");
                    case NONE ->
                            throw new ConsoleException(
                                    SqlState.CANT_CHANGE_RUNTIME_PARAM,
                                    "%s has no effect".formatted(setting.name()),
                                    "It is there for old files alone.");
                };
            }
        }
        List<String> names = new ArrayList<>(List.of(LOG_LEVEL));
        for (Setting setting : all) {
            names.add(setting.name());
            names.add(setting.name().replaceFirst("^general\\.", ""));
        }
        throw new ConsoleException(
                SqlState.SYNTAX_ERROR,
                "Unknown SET parameter: %s".formatted(name),
                Nearest.of(name, names)
                        .map("Did you mean %s?"::formatted)
                        .orElse("SHOW CONFIG lists them."));
    }

    // ---- pools ----------------------------------------------------------------------------------

    private List<Pool> pools(List<CommandLexer.Word> words) throws ConsoleException {
        if (words.isEmpty()) {
            return host.pools();
        }
        String database = words.getFirst().text();
        List<Pool> chosen =
                host.pools().stream().filter(pool -> pool.database().equals(database)).toList();
        if (chosen.isEmpty()) {
            throw new ConsoleException(
                    SqlState.INVALID_CATALOG_NAME,
                    "No pool for database \"%s\"".formatted(database),
                    Nearest.of(database, host.pools().stream().map(Pool::database).toList())
                            .map("Did you mean \"%s\"?"::formatted)
                            .orElse("SHOW DATABASES lists them."));
        }
        return chosen;
    }

    private Result each(List<CommandLexer.Word> words, String tag, Consumer<Pool> order)
            throws ConsoleException {
        for (Pool pool : pools(words)) {
            order.accept(pool);
            LOG.info("[{}] {} by the admin console", pool.name(), tag);
        }
        return new Result(null, tag);
    }

    private Result named(List<CommandLexer.Word> words, String tag, Consumer<Pool> order)
            throws ConsoleException {
        if (words.isEmpty()) {
            throw new ConsoleException(SqlState.SYNTAX_ERROR, tag + " requires a database", "");
        }
        return each(words, tag, order);
    }

    private Result pause(List<CommandLexer.Word> words, String tag)
            throws ConsoleException, InterruptedException {
        boolean wait = words.stream().noneMatch(word -> word.is("NOWAIT"));
        List<Pool> chosen = pools(words.stream().filter(word -> !word.is("NOWAIT")).toList());
        for (Pool pool : chosen) {
            pool.pause();
            LOG.info("[{}] PAUSE by the admin console", pool.name());
        }
        while (wait && busy(chosen) > 0) {
            if (chosen.stream().noneMatch(Pool::isPaused)) {
                throw new ConsoleException(
                        SqlState.SYSTEM_ERROR, "resumed before all servers were free", "");
            }
            Thread.sleep(STEP);
        }
        return new Result(null, tag);
    }

    /** Servers that clients have. */
    private static int busy(List<Pool> pools) throws InterruptedException {
        return sum(pools, Shard::linkedServers);
    }

    private static int sum(List<Pool> pools, ToIntFunction<Shard> question)
            throws InterruptedException {
        List<CompletableFuture<Integer>> asked =
                pools.stream()
                        .flatMap(pool -> pool.shards().stream())
                        .map(
                                shard ->
                                        CompletableFuture.supplyAsync(
                                                () -> question.applyAsInt(shard), shard.loop()))
                        .toList();
        int sum = 0;
        for (CompletableFuture<Integer> answer : asked) {
            try {
                sum += answer.get(5, TimeUnit.SECONDS);
            } catch (TimeoutException | ExecutionException e) {
                sum++; // it is busy indeed
            }
        }
        return sum;
    }

    private Result waitClose(List<CommandLexer.Word> words)
            throws ConsoleException, InterruptedException {
        List<Pool> chosen = pools(words);
        while (sum(chosen, Shard::outdatedServers) > 0) {
            Thread.sleep(STEP);
        }
        return new Result(null, "WAIT_CLOSE");
    }

    private Result kill(List<CommandLexer.Word> words) throws ConsoleException {
        if (words.isEmpty()) {
            throw new ConsoleException(SqlState.SYNTAX_ERROR, "KILL requires a database", "");
        }
        List<Pool> chosen = pools(words);
        chosen.forEach(Pool::pause);
        for (Session session : host.sessions().all()) {
            if (chosen.stream().anyMatch(pool -> isOf(session, pool))) {
                session.channel().eventLoop().execute(session::kill);
            }
        }
        chosen.forEach(Pool::reconnect);
        chosen.forEach(pool -> LOG.info("[{}] KILL by the admin console", pool.name()));
        return new Result(null, "KILL");
    }

    private static boolean isOf(Session session, Pool pool) {
        return session.identity().database().equals(pool.database())
                && session.identity().user().equals(pool.user());
    }

    private Result killClient(List<CommandLexer.Word> words) throws ConsoleException {
        String id = words.isEmpty() ? "" : words.getFirst().text().replaceFirst("^#?c", "");
        for (Session session : host.sessions().all()) {
            if (Integer.toUnsignedString(session.identity().id()).equals(id)) {
                session.channel().eventLoop().execute(session::kill);
                return new Result(null, "KILL_CLIENT");
            }
        }
        throw new ConsoleException(
                SqlState.INVALID_PARAMETER_VALUE,
                "no client \"%s\"".formatted(words.isEmpty() ? "" : words.getFirst().text()),
                "SHOW CLIENTS lists them by client_id.");
    }

    private Result reset(List<CommandLexer.Word> words) throws ConsoleException {
        if (words.size() != 1 || !words.getFirst().is("INTERNER")) {
            throw new ConsoleException(
                    SqlState.SYNTAX_ERROR,
                    "Unsupported RESET target — only RESET INTERNER is supported",
                    "");
        }
        host.pools().forEach(pool -> pool.statements().clear());
        return new Result(null, "RESET");
    }

    // ---- the process ----------------------------------------------------------------------------

    private Result shutDown(List<CommandLexer.Word> words) throws ConsoleException {
        String how = words.isEmpty() ? "" : words.getFirst().text().toUpperCase(Locale.ROOT);
        switch (how) {
            case "", "WAIT_FOR_CLIENTS", "WAIT_FOR_SERVERS" -> host.shutDown();
            case "IMMEDIATE" -> host.terminate();
            default ->
                    throw unknown(
                            "unrecognized mode of SHUTDOWN \"%s\"".formatted(how),
                            how,
                            List.of("WAIT_FOR_CLIENTS", "WAIT_FOR_SERVERS", "IMMEDIATE"));
        }
        return new Result(Table.of("success").row("t"), "SHUTDOWN");
    }

    private Result upgrade(List<CommandLexer.Word> words) throws ConsoleException {
        String how = words.isEmpty() ? "" : words.getFirst().text().toUpperCase(Locale.ROOT);
        List<String> control =
                switch (how) {
                    case "" -> List.of();
                    case "STAGE" -> List.of("upgrade", "--stage");
                    case "COMMIT" -> List.of("upgrade", "--commit");
                    case "ROLLBACK" -> List.of("upgrade", "--rollback");
                    case "STATUS" -> List.of("status");
                    default ->
                            throw unknown(
                                    "unrecognized step of UPGRADE \"%s\"".formatted(how),
                                    how,
                                    List.of("STAGE", "COMMIT", "ROLLBACK", "STATUS"));
                };
        if (how.isEmpty()) {
            host.upgrade();
            return new Result(Table.of("success").row("t"), "UPGRADE");
        }
        Table table = Table.of("message");
        Stream<String> lines = host.control(control).lines();
        lines.forEach(table::row);
        return new Result(table, "UPGRADE");
    }
}

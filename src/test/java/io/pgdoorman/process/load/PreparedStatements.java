package io.pgdoorman.process.load;

import static io.pgdoorman.testing.Frontend.bind;
import static io.pgdoorman.testing.Frontend.closeStatement;
import static io.pgdoorman.testing.Frontend.concat;
import static io.pgdoorman.testing.Frontend.describePortal;
import static io.pgdoorman.testing.Frontend.execute;
import static io.pgdoorman.testing.Frontend.parse;
import static io.pgdoorman.testing.Frontend.sync;

import java.util.ArrayList;
import java.util.List;

/**
 * Statements that outlive transactions: more of them than a server keeps, named and unnamed, closed
 * and made again, some of them failing; the server is another one each time.
 */
final class PreparedStatements extends WireScenario {
    private static final int NAMES = 7;
    private static final int TEXTS = 11;

    private final int[] texts = new int[NAMES];

    PreparedStatements(Seat seat) {
        super(seat);
    }

    @Override
    public void round(long number) {
        int name = seat().random().nextInt(NAMES);
        if (texts[name] == 0) {
            prepare(name, 1 + seat().random().nextInt(TEXTS));
        }
        use(name, number);
        switch ((int) (number % 9)) {
            case 2 -> forget(name);
            case 4 -> deallocate(name);
            case 5 -> again(name);
            case 7 -> unnamedLater(number);
            case 8 -> unknown(number);
            default -> {} // the next one
        }
        seat().rest(5, 50);
    }

    /** Differs with the number, in text and result. */
    private static String sql(int text) {
        return "SELECT $1::bigint + %d AS sum".formatted(text * 1000);
    }

    private static String name(int name) {
        return "statement " + name;
    }

    private void prepare(int name, int text) {
        texts[name] = text;
        dialogue().send(parse(name(name), sql(text)), sync());
        dialogue().expect("Parse", List.of("1", "Z I"));
        seat().pause(0, 5);
    }

    private void use(int name, long number) {
        dialogue()
                .send(
                        bind("", name(name), Long.toString(number)),
                        describePortal(""),
                        execute("", 0),
                        sync());
        var expected = new ArrayList<String>();
        expected.addAll(row(number, texts[name]));
        expected.add("Z I");
        dialogue().expect("Bind of " + name(name), expected);
    }

    private static List<String> row(long number, int text) {
        List<String> whole = Lines.extendedRow("sum", Long.toString(number + text * 1000L));
        return whole.subList(1, whole.size()); // without ParseComplete
    }

    private void forget(int name) {
        texts[name] = 0;
        dialogue().send(closeStatement(name(name)), sync());
        dialogue().expect("Close", List.of("3", "Z I"));
    }

    private void deallocate(int name) {
        texts[name] = 0;
        dialogue().command("DEALLOCATE \"" + name(name) + "\"", "DEALLOCATE", 'I');
    }

    private void again(int name) {
        dialogue().send(parse(name(name), "SELECT 0"), sync());
        dialogue()
                .expect(
                        "second Parse",
                        List.of(
                                "E 42P05 prepared statement \"%s\" already exists"
                                        .formatted(name(name)),
                                "Z I"));
    }

    /** The Sync in between may bring another server. */
    private void unnamedLater(long number) {
        int text = 1 + seat().random().nextInt(TEXTS);
        dialogue().send(parse("", sql(text)), sync());
        dialogue().expect("unnamed Parse", List.of("1", "Z I"));
        seat().pause(0, 20);
        dialogue()
                .send(
                        concat(
                                bind("", "", Long.toString(number)),
                                describePortal(""),
                                execute("", 0),
                                sync()));
        var expected = new ArrayList<>(row(number, text));
        expected.add("Z I");
        dialogue().expect("unnamed Bind", expected);
    }

    private void unknown(long number) {
        String nowhere = "nowhere " + number;
        dialogue().send(bind("", nowhere), sync());
        dialogue()
                .expect(
                        "unknown statement",
                        List.of(
                                "E 26000 prepared statement \"%s\" does not exist"
                                        .formatted(nowhere),
                                "Z I"));
    }
}

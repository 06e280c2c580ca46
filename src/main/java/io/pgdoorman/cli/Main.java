package io.pgdoorman.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/** Entry point of the program. */
public final class Main {
    private Main() {}

    @SuppressWarnings(
            "CatchAndPrintStackTrace") // logging may not be set up, and it is not foreseen
    public static void main(String[] args) {
        int code = ExitCode.FAILURE;
        try {
            var out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
            var err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
            code = new Program(out, err, System.getenv()).run(args);
        } catch (Exception e) {
            e.printStackTrace();
        }
        System.exit(code); // threads that are not daemons may be left
    }
}

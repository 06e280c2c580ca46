package io.pgdoorman.stats;

import io.netty.buffer.ByteBuf;

/** Which counter an SQLSTATE belongs to. */
final class ErrorClass {
    private ErrorClass() {}

    static Counter of(String sqlState) {
        return sqlState.length() < 5
                ? Counter.ERRORS_OTHER
                : of(
                        sqlState.charAt(0),
                        sqlState.charAt(1),
                        sqlState.startsWith("25P02"),
                        sqlState.startsWith("26000"));
    }

    /** Borrows {@code in}. */
    static Counter of(ByteBuf in, int index) {
        return of(
                (char) in.getByte(index),
                (char) in.getByte(index + 1),
                isAt(in, index, "25P02"),
                isAt(in, index, "26000"));
    }

    private static boolean isAt(ByteBuf in, int index, String text) {
        for (int i = 0; i < text.length(); i++) {
            if (in.getByte(index + i) != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private static Counter of(char first, char second, boolean failed, boolean unknown) {
        if (failed) {
            return Counter.ERRORS_25P02;
        }
        if (unknown) {
            return Counter.ERRORS_26000;
        }
        return switch (first * 256 + second) {
            case '0' * 256 + '8' -> Counter.ERRORS_08;
            case '5' * 256 + '3' -> Counter.ERRORS_53;
            case '5' * 256 + '7' -> Counter.ERRORS_57;
            default -> Counter.ERRORS_OTHER;
        };
    }
}
